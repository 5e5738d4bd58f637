"""``undertow replay`` on real data, as an analyst runs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import servicenow

pytestmark = [servicenow.needed, pytest.mark.data]


def replayed(*options: str) -> dict[str, object]:
    words = [sys.executable, "-m", "undertow", "replay", "--adapter", "servicenow", str(servicenow.FILE), "--json"]
    done = subprocess.run([*words, *options], capture_output=True, text=True, check=True)
    answer: dict[str, object] = json.loads(done.stdout)["vendors"][servicenow.VENDOR]
    return answer


@pytest.mark.parametrize("reading", ["row", "resolved_at"])
def test_replay_prints_the_published_figures(reading: str) -> None:
    """Both readings of the solve, repeat contacts within 30 days, reopens at any time."""
    answer = replayed("--solve-time", reading, "--repeat-window", "30d", "--reopen-window", "400d")
    assert {name: answer[name] for name in servicenow.FIGURES[reading]} == servicenow.FIGURES[reading]


@pytest.mark.parametrize(("window", "repeats"), [("14d", 2_213), ("7d", 1_734)])
def test_shorter_windows_give_the_published_repeat_contacts(window: str, repeats: int) -> None:
    """Repeat contacts within 14 and 7 days."""
    assert replayed("--repeat-window", window)["repeat_contact"] == repeats


def test_the_chance_level_is_that_of_shuffling_the_callers_of_the_log() -> None:
    """Shuffling the callers of this file gives 13.8 to 14.1 % (three seeds); the closed form must be near it."""
    answer = replayed("--reopen-window", "400d")
    chance = answer["rates"]["repeat_contact_by_chance"]["value"]  # type: ignore[index]
    assert chance == pytest.approx(0.14, abs=0.01)
    assert answer["repeat_contact_by_chance"] == pytest.approx(chance * 13_292, abs=1)


def test_judged_too_early_the_tickets_are_shown_as_immature_and_not_dropped() -> None:
    """As of the last opening most follow-ups still run: counted as waiting, out of every rate."""
    answer = replayed("--as-of", "2016-04-15")
    early = answer["immature"]
    assert isinstance(early, int)
    assert early > 5_000
    assert answer["tickets"] == 13_302
    assert answer["claimed"] + early < 13_302  # type: ignore[operator]
