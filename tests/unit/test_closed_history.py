"""``as_of`` in a contract: a closed history is judged as if nothing had happened since."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from undertow import contracts, wire
from undertow.domain.agreement.contract import DAY
from undertow.simulation import World
from undertow.stages.casebook import Casebook
from undertow.stages.records import Record
from undertow.stages.rereading.replay import Offline

WORLD = World(seed=5, start=datetime(2026, 1, 1, tzinfo=UTC), days=120)
RECORDS = [Record("world", 0, place, 0, wire.encode(event)) for place, event in enumerate(WORLD.events())]
TIMES = [event.time.timestamp() for event in WORLD.events()]


def judged(as_of: float | None, records: list[Record], ticks: list[float]) -> Offline:
    agreed = {
        name: contracts.parse(
            f"vendor: {name}\nsegments: [basic, business]\nkeep_all: true\nas_of: {as_of or 'null'}", name
        )
        for name in WORLD.contracts()
    }
    book = Offline(agreed)
    for span in itertools.batched(records, 500) if hasattr(itertools, "batched") else [records]:
        book.take(span)
    for tick in ticks:
        book.tick(tick)
    return book


@pytest.mark.parametrize("day", [40, 75])
def test_a_whole_history_judged_as_of_a_day_is_the_history_until_then(day: int) -> None:
    """Cells as of a day are those of a fold that stopped there, whatever came later and however late it is now."""
    as_of = WORLD.start.timestamp() + day * DAY
    until_then = [record for record, time in zip(RECORDS, TIMES, strict=True) if time <= as_of]
    whole = judged(as_of, RECORDS, [WORLD.end, WORLD.end + 1000 * DAY]).close().cells()
    cut = judged(None, until_then, [as_of]).close().cells()
    assert whole == cut
    assert whole


def test_a_ticket_that_begins_after_the_day_is_kept_and_counts_nowhere() -> None:
    """Its facts stay in the state: another reading, or a later day, will need them."""
    book = judged(WORLD.start.timestamp() - DAY, RECORDS, [WORLD.end])
    assert book.close().cells() == {}
    assert book.casebook.tickets > 100
    rebuilt = Casebook(0, book.contracts, book.rows)
    assert rebuilt.tickets == book.casebook.tickets


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-06-30", 20_634),
        ("2026-06-30T00:00:00Z", 20_634),
        ("'2026-06-30T02:00:00+02:00'", 20_634),
        ("1782777600", 20_634),
    ],
)
def test_a_contracts_time_is_a_date_an_instant_or_seconds(text: str, day: int) -> None:
    """YAML reads some of them as dates; UTC where no offset is given."""
    assert contracts.parse(f"vendor: acme\nas_of: {text}", "acme.yaml").as_of == day * DAY


def test_a_time_that_is_none_is_refused_with_file_and_key() -> None:
    """And with what to write instead."""
    with pytest.raises(contracts.BadContract, match=r"acme.yaml:2: as_of: 'soon' is no time: write 2026-06-30"):
        contracts.parse("vendor: acme\nas_of: soon", "acme.yaml")
