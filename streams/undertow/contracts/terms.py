"""From what a file says to the contract, and what no contract can mean: parts that contradict each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import combinations
from typing import Final
from zoneinfo import ZoneInfo

from undertow.adapters import table
from undertow.clock import day_of
from undertow.contracts import holidays, receivers
from undertow.contracts.document import CalendarTerms, DeliveryTerms, Document, FeedTerms, TargetTerms, Week
from undertow.contracts.forms import WEEKDAYS, weekdays
from undertow.contracts.problems import Path, spelled
from undertow.contracts.quantities import A_DAY, in_words
from undertow.contracts.typed import Filler
from undertow.domain.agreement.calendars import Calendar, Hours
from undertow.domain.agreement.contract import Contract, Feed, Target
from undertow.domain.agreement.delivery import Delivery
from undertow.domain.figures import budget
from undertow.topics import SOURCES

RESERVED: Final = frozenset({"company", "unknown"})
"""Labels of the metrics: the company's own events, and events of which no vendor could be read."""
AGREED: Final = "agreed"
"""What the agreed reading is called beside the named ones."""


class Builder:
    """Makes the contract of one document. Whatever is wrong goes into the report; the contract is then worth nothing."""

    def __init__(self, document: Document, filler: Filler) -> None:
        self._said, self._filler, self._report = document, filler, filler.report

    def build(self) -> Contract:
        """The contract."""
        said = self._said
        contract = Contract(
            **{name: getattr(said, name) for name in Document.__struct_fields__ if name not in _BUILT},
            calendar=self._calendar(said.calendar),
            targets={measure: tuple(self._targets(measure, terms)) for measure, terms in said.targets.items()},
            feeds=tuple(self._feeds(said.feeds)),
            delivery=self._delivery(said.delivery),
        )
        self._names(contract)
        self._windows(contract)
        self._budget(contract)
        self._clock(contract)
        return contract

    def _bad(self, path: Path, words: str, of: tuple[Path, ...] = ()) -> None:
        """Say it, unless a place it is concluded from was wrong already."""
        if self._report.clean(*of, path):
            self._report.add(path, words)

    # -- parts

    def _calendar(self, terms: CalendarTerms) -> Calendar:
        zone = terms.time_zone or self._said.time_zone
        hours = self._hours(terms.hours, ("calendar", "hours"))
        changes = self._changes(terms, zone)
        ever = (hours, *(some for _, some in changes))
        closed: dict[int, str] = {}
        if terms.holidays is not None:
            try:
                closed |= holidays.public(terms.holidays.country, terms.holidays.subdivision)
            except ValueError as error:
                self._bad(("calendar", "holidays", "subdivision"), str(error))
        for place, day in enumerate(terms.closed):
            closed |= dict.fromkeys(holidays.numbers(day), "own")
            if day in terms.open:
                self._bad(("calendar", "closed", place), "the same day stands under open: leave one")
        for place, day in enumerate(terms.open):
            self._opened(place, set(holidays.numbers(day)), closed, ever)
        opened = {number for day in terms.open for number in holidays.numbers(day)}
        return Calendar(zone, hours, frozenset(closed.keys() - opened), changes)

    def _changes(self, terms: CalendarTerms, zone: str) -> tuple[tuple[int, Hours], ...]:
        found: dict[int, Hours] = {}
        for place, change in enumerate(terms.changes):
            path: Path = ("calendar", "changes", place)
            hours = self._hours(change.hours, (*path, "hours"))
            if not isinstance(change.since, date):
                self._bad((*path, "since"), "is a time: hours change with a day, so write one such as 2026-07-01")
                continue
            since = holidays.number(change.since)
            if since in found:
                self._bad((*path, "since"), "stands twice: leave one")
            found[since] = hours
        return tuple(sorted(found.items()))

    def _hours(self, said: Week | None, path: Path) -> Hours:
        named: dict[int, str] = {}
        found: list[tuple[int, int]] = []
        for days, spans in (said or {}).items():
            of_day = () if spans == "closed" else spans if isinstance(spans, tuple) else (spans,)
            for day in weekdays(days):
                if day in named:
                    words = f"{WEEKDAYS[day]} has hours under {named[day]} already: name each day once"
                    self._bad((*path, days), words)
                named[day] = days
                found += [(day * A_DAY + span.start, day * A_DAY + span.end) for span in of_day]
        if said is not None and not found:
            words = (
                "no day is open, so this clock never runs: write hours, or leave them out for a clock that always runs"
            )
            self._bad(path, words)
        return tuple(sorted(found))

    def _opened(self, place: int, days: set[int], closed: dict[int, str], ever: tuple[Hours, ...]) -> None:
        path = ("calendar", "open", place)
        holiday = days & closed.keys()
        of = (("calendar", "holidays"), ("calendar", "closed"))
        if not holiday:
            self._bad(path, "is no holiday: a day is open as its weekday anyway, so leave it out", of)
        open_weekdays = {day for hours in ever for day in ({start // A_DAY for start, _ in hours} or range(7))}
        if not {holidays.dated(day).weekday() for day in holiday} & open_weekdays and holiday:
            day = WEEKDAYS[holidays.dated(min(holiday)).weekday()]
            self._bad(path, f"is a {day}, which has no hours: opening it changes nothing", (("calendar", "hours"),))

    def _targets(self, measure: str, terms: float | tuple[TargetTerms, ...]) -> Iterable[Target]:
        if not isinstance(terms, tuple):
            return [Target(terms)]
        path: Path = ("targets", measure)
        if not terms:
            self._bad(path, "holds no target: write a duration such as 4h, or leave the measure out")
        for one, other in combinations(terms, 2):
            if one.priority == other.priority and self._day(one.since) == self._day(other.since):
                whom = "any priority" if one.priority is None else f"priority {one.priority}"
                first = self._report.lines.get(self._filler.where(one), 0)
                words = (
                    f"{whom} has a target from the same day on in line {first}: leave one, or give it another 'since'"
                )
                self._report.add(self._filler.where(other), words)
        found = [Target(one.within, one.priority, self._since(one.since)) for one in terms]
        return sorted(
            found, key=lambda target: (target.priority or "", -1e18 if target.since is None else target.since)
        )

    def _since(self, since: date | float | None) -> float | None:
        """A date begins at midnight of the contract's zone."""
        if not isinstance(since, date):
            return since
        return datetime(since.year, since.month, since.day, tzinfo=ZoneInfo(self._said.time_zone)).timestamp()

    def _day(self, since: date | float | None) -> int | None:
        when = self._since(since)
        return None if when is None else day_of(self._said.time_zone)(when)

    def _feeds(self, terms: tuple[FeedTerms, ...]) -> Iterable[Feed]:
        topics: dict[str, FeedTerms] = {}
        for feed in terms:
            path = self._filler.where(feed)
            if feed.topic in topics:
                first = self._report.lines.get(self._filler.where(topics[feed.topic]), 0)
                self._bad((*path, "topic"), f"is a feed already in line {first}: a record can be read in one way only")
            topics[feed.topic] = feed
            if feed.adapter == table.NAME and feed.mapping is None:
                self._bad(
                    (*path, "mapping"), f"is missing: the adapter {table.NAME} has to be told where each field is"
                )
            elif feed.adapter != table.NAME and feed.mapping is not None:
                words = f"the adapter {feed.adapter} knows its format: leave the mapping out, or write adapter: {table.NAME}"
                self._bad((*path, "mapping"), words)
            if feed.topic in SOURCES and feed.adapter != "cloudevents":
                words = (
                    f"carries everybody's CloudEvents: give records for the adapter {feed.adapter} a topic of their own"
                )
                self._bad((*path, "topic"), words)
            if feed.mapping is not None and feed.mapping.vendor not in {None, self._said.vendor}:
                words = (
                    f"a vendor's topic speaks for that vendor only, which is {self._said.vendor!r} here: leave it out"
                )
                self._bad((*path, "mapping", "vendor"), words, (("vendor",),))
            yield Feed(feed.topic, feed.adapter, feed.mapping)

    def _delivery(self, terms: DeliveryTerms) -> Delivery:
        for place, one in enumerate(terms.to):
            path: Path = ("delivery", "to", place)
            for name, words in receivers.problems(one):
                self._bad((*path, name), words)
            if one in terms.to[:place]:
                self._bad(path, "stands twice: leave one")
        return Delivery(after=terms.after, since=self._since(terms.since), to=terms.to)

    # -- the whole

    def _names(self, contract: Contract) -> None:
        if contract.vendor in RESERVED:
            words = " and ".join(sorted(RESERVED))
            self._bad(("vendor",), f"{contract.vendor!r} is a word of our own ({words} are): write another name")
        for place, segment in enumerate(contract.segments):
            path: Path = ("segments", place)
            if segment == "all":
                self._bad(path, "'all' is what all customers together are called: write another name")
            elif segment == "other":
                self._bad(path, "'other' is what every segment outside this list becomes: leave it out")
            elif segment in contract.segments[:place]:
                self._bad(path, f"{segment!r} stands twice: leave one")
        if AGREED in contract.readings:
            self._report.add(("readings", AGREED), "is the name of the reading under 'reading': write another name")

    def _windows(self, contract: Contract) -> None:
        kept = contract.kept_for
        horizon: Path = ("horizon",)
        windows: dict[Path, float] = {(name,): getattr(contract, name) for name in _WINDOWS}
        for name in contract.patterns.__struct_fields__:
            if isinstance(value := getattr(contract.patterns, name), float):
                windows["patterns", name] = value
        for path, window in windows.items():
            if window > kept:
                words = f"{spelled(path)} {in_words(window)} is longer than tickets are kept, {in_words(kept)}"
                at = path if path in self._report.lines else horizon  # a default is not in the file
                self._bad(at, f"{words}: its end would never be seen", (horizon, path))
        for measure, targets in contract.targets.items():
            longest = max((target.seconds for target in targets), default=0.0)
            if longest > kept:
                words = f"{in_words(longest)} can never be missed: a ticket is dropped {in_words(kept)} after its last event"
                self._bad(("targets", measure), words, (horizon,))
        if contract.keep_all and contract.horizon is not None:
            self._bad(horizon, "says when to drop a ticket and keep_all says never: leave one")

    def _budget(self, contract: Contract) -> None:
        try:
            budget.check(contract.objective)
        except budget.Impossible as error:
            self._bad(("objective",), str(error))

    def _clock(self, contract: Contract) -> None:
        if contract.reading.clock == "business" and contract.calendar.always_open:
            words = "says business, but no hours and no holidays are agreed: write calendar.hours, or clock: calendar"
            self._bad(("reading", "clock"), words, (("calendar",),))
        for path, reading in [
            (("reading",), contract.reading),
            *((("readings", n), r) for n, r in contract.readings.items()),
        ]:
            if reading.pauses != "none" and not reading.paused:
                words = "is empty, so nothing pauses: name the statuses that do, or write pauses: none"
                self._bad((*path, "paused"), words)


_WINDOWS: Final = ("repeat_window", "reopen_window", "promise_grace")
_BUILT: Final = frozenset({"calendar", "targets", "feeds", "delivery"})
"""Fields that a file writes otherwise than the contract holds them."""
