"""The simulated world against the fold: two independent counts of the same events must agree, whatever the order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from itertools import pairwise
from random import Random

import msgspec
import pytest

from undertow import events as e
from undertow import wire
from undertow.clock import day_of
from undertow.domain.counting.ledger import ALL, Figures
from undertow.domain.counting.windows import figures
from undertow.domain.judging.outcomes import BAD
from undertow.domain.verdicts import Colour, verdict
from undertow.simulation import DEFAULT, Truth, VendorPlan, World
from undertow.stages.records import Record
from undertow.stages.rereading.replay import Offline
from undertow.topics import topic_of

START = datetime(2025, 1, 6, 9, 30, tzinfo=UTC)
SEEDS = range(10)
WILD = msgspec.structs.replace(
    DEFAULT[1],
    name="wild",
    customers=300,
    tickets_per_day=8.0,
    reopens=0.5,
    comes_back=0.5,
    flickers=0.3,
    links=0.7,
)
"""Everything goes wrong, and often enough that something goes wrong in the very second a window ends."""
SOME_SEEDS = range(0, 10, 2)
"""Where each seed takes many folds."""
DAY = 86_400
COLOURS = {"honest": Colour.HOLDS, "gaming": Colour.RED_INSIDE, "small": Colour.CANNOT_TELL}


@cache
def world_of(seed: int, days: int = 180) -> World:
    return World(seed, START, days)


def records(events: Iterable[e.Event]) -> list[Record]:
    """As a broker would hold them: one partition a topic, offsets in the order given."""
    offsets: Counter[str] = Counter()
    found = []
    for event in events:
        topic = topic_of(event)
        found.append(Record(topic, 0, offsets[topic], int(event.time.timestamp() * 1000), wire.encode(event)))
        offsets[topic] += 1
    return found


@cache
def told_by(seed: int) -> list[Record]:
    return records(world_of(seed).events())


@cache
def folded(seed: int) -> Offline:
    """The world of 180 days in order and in one span, judged at its end."""
    offline = Offline(world_of(seed).contracts())
    offline.take(told_by(seed))
    offline.tick(world_of(seed).end)
    offline.close()
    return offline


def rows(offline: Offline, world: World, as_of: float) -> dict[str, Figures]:
    """Each vendor's figures over all days and segments."""
    offline.tick(as_of)
    cells = offline.close().cells()
    return {
        name: row
        for name, contract in world.contracts().items()
        for row in figures(cells, contract, as_of, day_of(contract.time_zone))
        if (row.window, row.segment) == ("all", ALL)
    }


def counted(row: Figures) -> dict[str, int]:
    """What of the figures the truth counts, too."""
    return {
        "opened": row.tickets,
        "immature": row.immature,
        "tickets": row.reopened.n,
        "claimed": row.reported.n,
        "reported_met": row.hidden.n,
        "reopened": row.reopened.count,
        "reopened_claimed": row.reopened_claimed.count,
        "flicker": row.flicker,
        "repeat_eligible": row.repeat_contact.n,
        "repeat_contact": row.repeat_contact.count,
        "reported_met_but_bad": row.hidden.count,
    }


def expected(truth: Truth) -> dict[str, int]:
    beside = {"colour", "made_to_return", "outcomes"}
    return {name: getattr(truth, name) for name in truth.__struct_fields__ if name not in beside}


def agree(offline: Offline, world: World, as_of: float) -> dict[str, Figures]:
    found, truth = rows(offline, world, as_of), world.truth(as_of)
    opened = {name for name, known in truth.items() if known.opened}
    assert {name: counted(row) for name, row in found.items()} == {name: expected(truth[name]) for name in opened}
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for key, cell in offline.ledger.cells().items():
        for tally, n in cell.tallies.items():
            if (tally.kind, tally.label) == ("outcome", "met") and tally.name in BAD:
                outcomes[key.vendor][tally.name] += n
    assert {name: dict(outcomes[name]) for name in opened} == {name: truth[name].outcomes for name in opened}
    return found


def colours(found: dict[str, Figures], world: World) -> dict[str, Colour]:
    return {name: verdict(row, world.contracts()[name]).colour for name, row in found.items()}


def test_the_same_seed_tells_the_same_bytes() -> None:
    """A demo that is shown twice, and a failing test that is run again, show the same."""
    one, other = World(3, START), World(3, START)
    assert [wire.encode(event) for event in one.events()] == [wire.encode(event) for event in other.events()]
    assert [wire.encode(event) for event in one.events()] == [wire.encode(event) for event in one.events()]
    assert one.truth(one.end) == other.truth(other.end)


def test_another_seed_tells_another_story() -> None:
    """Ten seeds are ten worlds."""
    stories = {tuple(wire.encode(event) for event in world_of(seed, 20).events()) for seed in SEEDS}
    assert len(stories) == len(SEEDS)


def test_a_vendors_story_does_not_depend_on_the_other_vendors() -> None:
    """One may add a vendor to a world without changing the others."""
    alone = World(5, START, 60, (DEFAULT[1],))
    beside = world_of(5, 60)
    assert alone.truth(alone.end)["gaming"] == beside.truth(beside.end)["gaming"]

    def said(world: World) -> list[e.Event]:
        return [event for event in world.events() if event.source == "/vendors/gaming"]

    assert said(alone) == said(beside)


@pytest.mark.parametrize("seed", SOME_SEEDS)
def test_every_event_is_one_a_vendor_could_send(seed: int) -> None:
    """Encodes and decodes unchanged, in order of time, within the world, unique, each vendor's sequence growing."""
    world = world_of(seed)
    events = list(world.events())
    for event in events:
        assert wire.decode(wire.encode(event)) == event
        assert wire.decode(*wire.encode_binary(event)) == event
    assert all(one.time <= other.time for one, other in pairwise(events))
    assert all(world.start.timestamp() <= event.time.timestamp() < world.end for event in events)
    assert all(event.time.microsecond == 0 for event in events)
    assert len({(event.source, event.id) for event in events}) == len(events)
    sequences: defaultdict[str, list[int]] = defaultdict(list)
    for event in events:
        if event.sequence is not None:
            sequences[event.source].append(int(event.sequence))
    assert set(sequences) == {"/vendors/honest", "/vendors/gaming", "/vendors/small"}
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in sequences.values())
    company = [event for event in events if event.source == "/company"]
    assert company
    assert {topic_of(event) for event in company} == {"customer.activity", "customer.feedback"}


def test_a_world_holds_all_kinds_of_events_it_promises() -> None:
    """Whoever builds on a world can rely on meeting these."""
    said = Counter(type(event) for event in world_of(0).events())
    assert set(said) == {
        e.TicketOpened,
        e.TicketMessage,
        e.TicketStatusChanged,
        e.TicketAssigned,
        e.TicketPriorityChanged,
        e.TicketTopicChanged,
        e.TicketPromiseMade,
        e.TicketPromiseFulfilled,
        e.TicketLinked,
        e.TicketClosed,
        e.TicketClaimed,
        e.PeriodClaimed,
        e.CustomerActive,
        e.CustomerSegmentChanged,
        e.CustomerCancelled,
        e.CustomerRefunded,
        e.CustomerInvoiced,
        e.FeedbackSurvey,
        e.FeedbackComplaint,
        e.FeedbackConfirmation,
    }


def test_every_event_type_has_a_topic() -> None:
    """The topic follows from the type alone."""
    chosen = {
        "vendor.claims": {e.TicketClaimed, e.PeriodClaimed},
        "customer.feedback": {e.FeedbackSurvey, e.FeedbackComplaint, e.FeedbackConfirmation},
        "customer.activity": {
            e.CustomerActive,
            e.CustomerCancelled,
            e.CustomerRefunded,
            e.CustomerInvoiced,
            e.CustomerSegmentChanged,
            e.CustomerMerged,
        },
        "vendor.disputes": {e.DisputeAnswered, e.DisputeRuled},
    }
    for kind in e.Event.__args__:
        event = kind(specversion="1.0", id="1", source="/", time=START, data=None)
        topics = [topic for topic, kinds in chosen.items() if kind in kinds]
        assert topic_of(event) == (topics[0] if topics else "vendor.tickets")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_fold_counts_what_the_world_did(seed: int) -> None:
    """Exactly, and comes to the right verdict about each vendor."""
    world = world_of(seed)
    offline = folded(seed)
    assert not offline.letters
    assert not offline.late
    assert not offline.duplicates
    found = agree(offline, world, world.end)
    assert colours(found, world) == COLOURS
    assert {name: truth.colour for name, truth in world.truth(world.end).items()} == COLOURS


@pytest.mark.parametrize("seed", SEEDS)
def test_shuffled_and_duplicated_events_count_the_same(seed: int) -> None:
    """Any order, one event in ten twice, in spans of any length: the same figures and the same period claims."""
    world, random = world_of(seed), Random(seed)
    events = list(world.events())
    again = random.sample(events, len(events) // 10)
    told = [*events, *again]
    random.shuffle(told)
    offline = Offline(world.contracts())
    for span in spans(records(told), random):
        offline.take(span)
    assert offline.duplicates == sum(not isinstance(event, e.PeriodClaimed | e.CustomerActive) for event in again)
    assert colours(agree(offline, world, world.end), world) == COLOURS
    assert offline.ledger.claims() == folded(seed).ledger.claims()
    assert offline.ledger.cells() == folded(seed).ledger.cells()


def spans(told: list[Record], random: Random) -> Iterable[list[Record]]:
    at = 0
    while at < len(told):
        size = random.choice((1, 40, 700))
        yield told[at : at + size]
        at += size


@pytest.mark.parametrize("seed", SOME_SEEDS)
def test_on_the_way_the_fold_knows_what_has_happened_and_no_more(seed: int) -> None:
    """Fed up to a moment it agrees with the truth of that moment, whether it began then or has followed all along."""
    world = world_of(seed)
    told, random = told_by(seed), Random(seed)
    follower, fed = Offline(world.contracts()), 0
    moments = sorted(world.start.timestamp() + random.randrange(180 * DAY) for _ in range(3))
    # at the second of an event that second's events count, and one second before they do not
    exact = float(told[len(told) // 2].timestamp // 1000)
    for as_of in sorted([*moments, exact - 1, exact, world.end, world.end + 20 * DAY, world.end + 60 * DAY]):
        until = sum(record.timestamp <= as_of * 1000 for record in told)
        follower.take(told[fed:until])
        fed = until
        found = agree(follower, world, as_of)
        if as_of == exact:
            newcomer = Offline(world.contracts())
            newcomer.take(random.sample(told[:until], until))
            agree(newcomer, world, as_of)
            assert newcomer.ledger.cells() == follower.ledger.cells()
        for name, colour in colours(found, world).items():
            assert colour in {world.truth(as_of)[name].colour, Colour.UNCLEAR}


@pytest.mark.parametrize("seed", SOME_SEEDS)
def test_it_matures_to_the_second(seed: int) -> None:
    """A ticket is judged from the second on at which its follow-up has passed, and a contact in that second counts."""
    world = world_of(seed, 70)
    offline = Offline(world.contracts())
    offline.take(records(world.events()))
    solved = [
        event.time.timestamp()
        for event in world.events()
        if isinstance(event, e.TicketStatusChanged) and event.data.to == "solved"
    ]
    for due in sorted(at + 30 * DAY for at in Random(seed).sample(solved, 10) if at + 30 * DAY >= world.end):
        for as_of in (due - 1, due):
            agree(offline, world, as_of)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_vendors_are_what_their_plans_say(seed: int) -> None:
    """Honest is good and says so, gaming is bad and says otherwise, small is too little to say; chance is small."""
    world = world_of(seed)
    truth = world.truth(world.end)
    honest, gaming, small = truth["honest"], truth["gaming"], truth["small"]
    assert min(honest.tickets, gaming.tickets) > 200
    assert 0.90 < honest.reported_met / honest.claimed < 0.99
    assert 0.95 < gaming.reported_met / gaming.claimed <= 1
    assert honest.reported_met_but_bad / honest.reported_met < 0.10
    assert 0.25 < gaming.reported_met_but_bad / gaming.reported_met < 0.40
    assert small.tickets < 20
    for known in (honest, gaming):
        assert 0 <= (known.repeat_contact - known.made_to_return) / known.repeat_eligible < 0.08
        assert known.made_to_return
    assert gaming.reopened_claimed < gaming.reopened


def test_a_whole_week_is_claimed_once_and_as_the_tickets_were() -> None:
    """A weekly claim speaks of Monday to Sunday, of tickets solved in it, by what was said of them until then."""
    world = world_of(1)
    events = list(world.events())
    first: dict[tuple[str, str], datetime] = {}
    claims: defaultdict[tuple[str, str], list[e.TicketClaimed]] = defaultdict(list)
    for event in events:
        ticket = (getattr(event.data, "vendor", None), getattr(event.data, "ticket", None))
        solved = isinstance(event, e.TicketStatusChanged) and event.data.to == "solved"
        if solved or isinstance(event, e.TicketClosed):
            first.setdefault(ticket, event.time)
        if isinstance(event, e.TicketClaimed) and event.data.measure == "sla":
            claims[ticket].append(event)
    periods = [event for event in events if isinstance(event, e.PeriodClaimed)]
    assert len({(p.data.vendor, p.data.first_day) for p in periods}) == len(periods) > 40
    for period in periods:
        days = (period.data.first_day, period.data.last_day)
        assert (days[0].weekday(), days[1].weekday()) == (0, 6)
        said = [
            [claim for claim in claims[ticket] if claim.time <= period.time][-1].data.met
            for ticket, at in first.items()
            if ticket[0] == period.data.vendor and days[0] <= at.date() <= days[1]
        ]
        assert (period.data.met, period.data.total) == (sum(said), len(said))


def test_a_start_in_another_zone_is_the_same_instant() -> None:
    """Only the instant counts, also where the clocks change; a time without an offset is no instant."""
    there = START.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert list(World(2, there, 30).events()) == list(World(2, START, 30).events())
    with pytest.raises(ValueError, match="offset"):
        World(2, START.replace(tzinfo=None), 30)


def test_worlds_of_other_vendors_are_refused_or_right() -> None:
    """A world takes any plans, as long as their names tell them apart."""
    calm = VendorPlan(
        name="calm", customers=500, tickets_per_day=2.0, answers_in_time=1.0, reopens=0.0, comes_back=0.0, flickers=0.0
    )
    world = World(4, START, 90, (WILD, calm))
    offline = Offline(world.contracts())
    told = records(world.events())
    Random(4).shuffle(told)
    offline.take(told)
    for as_of in (world.end, world.end + 31 * DAY):
        agree(offline, world, as_of)
    assert world.truth(world.end)["calm"].made_to_return == world.truth(world.end)["calm"].reopened == 0
    with pytest.raises(ValueError, match="name"):
        World(4, START, 90, (WILD, WILD))
    with pytest.raises(ValueError, match="days"):
        World(4, START, 0)


@pytest.mark.parametrize("off", [{"repeat_window": 30.0 * DAY - 1}, {"reopen_window": 15.0 * DAY}])
def test_the_truth_notices_a_fold_with_another_window(off: dict[str, float]) -> None:
    """Agreement means something only where a slip would be seen: here the window is a second, or a day, off."""
    world = World(4, START, 90, (WILD,))
    slipped = {name: msgspec.structs.replace(contract, **off) for name, contract in world.contracts().items()}
    offline = Offline(slipped)
    offline.take(records(world.events()))
    with pytest.raises(AssertionError):
        agree(offline, world, world.end + 60 * DAY)
