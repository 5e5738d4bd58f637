"""Contracts: what may be written, and what a refusal says."""

from __future__ import annotations

import re

import pytest

from undertow.contracts import BadContract, duration, load, parse
from undertow.domain.agreement.contract import DAY, Contract


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45.0), ("90m", 5400.0), ("12h", 43_200.0), ("30d", 30 * DAY), ("1.5d", 1.5 * DAY), (" 2h ", 7200.0)],
)
def test_durations_are_a_number_and_a_unit(text, seconds):
    """Promise: s, m, h and d, whole or with a point."""
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "d", "30 d", "-1d", "1e3s", "1d12h", "30D", "1w", "30d x"])
def test_what_is_no_duration_is_answered_with_what_to_write(text):
    """Promise: the message holds an example."""
    with pytest.raises(ValueError, match="such as 30d or 12h"):
        duration(text)


def test_only_the_vendor_s_name_is_required():
    """Promise: every default is the product's own."""
    assert parse("vendor: acme", "acme.yaml") == Contract(vendor="acme")
    assert Contract(vendor="acme").follow_up == 30 * DAY
    assert Contract(vendor="acme", keep_all=True).kept_for == float("inf")


def test_a_whole_contract_is_read():
    """Promise: durations in seconds or with a unit, a closed list of segments."""
    text = """
        vendor: acme
        time_zone: Europe/Berlin
        repeat_window: 10d
        reopen_window: 3600
        horizon: 200d
        solve_time: resolved_at
        minimum_n: 5
        tolerance: 0.2
        segments: [gold, basic]
    """
    contract = parse(text, "acme.yaml")
    assert (contract.repeat_window, contract.reopen_window, contract.kept_for) == (10 * DAY, 3600.0, 200 * DAY)
    assert [contract.segment(name) for name in ("gold", "iron", None)] == ["gold", "other", "other"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("vendor: [", "not YAML"),
        ("- acme", "expected keys and values"),
        ("", "expected keys and values"),
        ("tolerance: 0.1", "vendor"),
        ("vendor: 5", "vendor"),
        ("vendor: ''", "vendor"),
        ("vendor: a\ntime_zone: Nowhere/City", "time_zone"),
        ("vendor: a\ntime_zone: ''", "time_zone"),
        ("vendor: a\ntime_zone: Europe", "time_zone"),
        ("vendor: a\ntime_zone: ../secrets", "time_zone"),
        ("vendor: a\nrepeat_window: 30 days", "repeat_window"),
        ("vendor: a\nrepeat_window: 0d", "repeat_window"),
        ("vendor: a\nreopen_window: -1", "reopen_window"),
        ("vendor: a\nhorizon: .nan", "horizon"),
        ("vendor: a\ntolerance: 1.5", "tolerance"),
        ("vendor: a\ntolerance: ten", "tolerance"),
        ("vendor: a\nminimum_n: 0", "minimum_n"),
        ("vendor: a\nsegments: gold", "segments"),
        ("vendor: a\nsolve_time: later", "solve_time"),
        ("vendor: a\nrepeat_windw: 30d", "repeat_windw"),
    ],
)
def test_a_bad_contract_is_refused_by_file_and_key(text, key):
    """Promise: whoever wrote the file learns which one it is and where to look."""
    with pytest.raises(BadContract, match=re.escape(key)) as refused:
        parse(text, "acme.yaml")
    assert re.match(r"acme\.yaml:\d+: ", str(refused.value))


@pytest.mark.parametrize("word", ["company", "unknown"])
def test_a_vendor_cannot_bear_a_name_that_metrics_use_for_something_else(word):
    """Promise: the company's own events, and those nobody can be told from, never mix with a vendor's."""
    with pytest.raises(BadContract, match=rf"acme.yaml:1: vendor: '{word}'"):
        parse(f"vendor: {word}", "acme.yaml")
    assert parse(f"vendor: {word}s", "acme.yaml").vendor == f"{word}s"


def test_a_folder_s_contracts_are_found_by_vendor_whatever_their_files_are_called(tmp_path):
    """Promise: .yaml and .yml are read, everything else is left alone."""
    (tmp_path / "b.yaml").write_text("vendor: acme")
    (tmp_path / "a.yml").write_text("vendor: zenith")
    (tmp_path / "notes.txt").write_text("[")
    assert set(load(tmp_path)) == {"acme", "zenith"}


def test_two_files_for_one_vendor_are_refused(tmp_path):
    """Promise: nobody has to guess which of two contracts is in force."""
    (tmp_path / "a.yaml").write_text("vendor: acme")
    (tmp_path / "b.yaml").write_text("vendor: acme")
    with pytest.raises(BadContract, match=r"b\.yaml: vendor 'acme'"):
        load(tmp_path)


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path):
    """Promise: another encoding, or a folder that looks like a file, is a bad contract and no crash."""
    (tmp_path / "a.yaml").write_bytes("vendor: Müller".encode("latin-1"))
    with pytest.raises(BadContract, match=r"a\.yaml: cannot be read"):
        load(tmp_path)
    (tmp_path / "a.yaml").unlink()
    (tmp_path / "b.yaml").mkdir()
    with pytest.raises(BadContract, match=r"b\.yaml: cannot be read"):
        load(tmp_path)


def test_without_a_contract_there_is_nothing_to_do(tmp_path):
    """Promise: an empty or missing folder is answered with what to put there."""
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(BadContract, match="vendor: acme"):
            load(folder)
