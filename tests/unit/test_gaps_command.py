"""``undertow gaps`` of a worker: what is unknown has its reason beside it, and what is known has none."""

from __future__ import annotations

import pytest

from undertow.cli.gaps import Shown, _from_worker


@pytest.mark.parametrize("known", [True, False])
def test_an_unknown_gap_has_its_reason(known: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Promise: nobody has to guess why a column of a healthy worker says unknown."""
    shares = {"reported": 0.9, "actual": 0.8, "gap": 0.1, "low": 0.05, "high": 0.15, "pairs": 100}
    told = {**dict.fromkeys(shares), "pairs": 0} if not known else shares
    _from_worker([Shown(vendor="acme", measure="sla", **told)], as_json=False)
    said = capsys.readouterr().out
    assert ("+10.0" in said) is known
    assert ("no target is agreed" in said) is not known
