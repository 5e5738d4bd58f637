"""The arms of a comparison of silence, matched and added up.

:class:`Arms` are sums over customers: a customer who appears in several weeks, on either side, is one cluster, and the
arms of disjoint groups of customers, each matched within itself, may simply be added.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from math import sqrt
from typing import Final

from msgspec import Struct

from undertow.domain.counting.ledger import ALL
from undertow.domain.customers.silence import HORIZONS, Match, Observation, Observed

LEAST: Final = 2
"""Controls that a stratum needs: one alone says nothing about how much its share may be off."""


class Arms(Struct, array_like=True):
    """Sums over customers. Only strata with both arms, and at least :data:`LEAST` controls, count."""

    n: int = 0
    """Customer-weeks in the arm in question."""
    customers: int = 0
    controls: int = 0
    """Customer-weeks they are compared with."""
    unmatched: int = 0
    """Customer-weeks in the arm in question without controls: shown, not compared."""
    silent: float = 0.0
    expected: float = 0.0
    """Silent ones if their share were that of the matched controls."""
    gone: float = 0.0
    """Ones who would have left before if their share were that of the matched controls, as the churn model says."""
    evenness: float = 0.0
    """Sum over strata of n squared by controls: the less even, the fewer controls the comparison is worth."""
    nn: float = 0.0
    ns: float = 0.0
    ss: float = 0.0
    ne: float = 0.0
    ee: float = 0.0
    se: float = 0.0
    """Sums over customers of the products of their weeks (n), silent weeks (s), and expected ones (e)."""

    def add(self, other: Arms) -> None:
        """Add those of other customers."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def customer(self, n: int, silent: float, expected: float, times: int = 1) -> None:
        """Add one customer's part to the moments, or that of several who are alike."""
        self.customers += times * (n > 0)
        self.silent += times * silent
        self.expected += times * expected
        self.nn += times * n * n
        self.ns += times * n * silent
        self.ss += times * silent * silent
        self.ne += times * n * expected
        self.ee += times * expected * expected
        self.se += times * silent * expected


def total(parts: Iterable[Arms]) -> Arms:
    """The sum over disjoint customers."""
    found = Arms()
    for one in parts:
        found.add(one)
    return found


Found = dict[tuple[str, int], Arms]
"""By segment (and all of them) and horizon in days."""


class Comparisons:
    """Both contrasts, and who fell silent unheard, for any number of vendors: what they share is reckoned once."""

    def __init__(self, seen: Observed) -> None:
        self._exposed: defaultdict[str, list[Observation]] = defaultdict(list)
        for one in seen.exposed:
            for vendor in one.vendors:
                self._exposed[vendor].append(one)
        self._times = Counter(one.customer for one in chain(seen.exposed, seen.controls))
        self._controls = seen.controls
        self._pools: dict[tuple[int, bool], dict[Match, _Controls]] = {}

    def after_a_ticket(self, vendor: str) -> Found:
        """Customers whose ticket with ``vendor`` ended in the week, against customers without a ticket in it."""
        exposed = self._exposed.get(vendor, [])
        return _compare(exposed, lambda place: self._pool(place, last=False), self._times)

    def not_durable(self, vendor: str) -> Found:
        """Customers whose ticket did not hold against customers whose ticket did: both had one, the cleanest contrast.

        Both arms are small, so they are matched over all weeks together.
        """
        exposed = self._exposed.get(vendor, [])
        failed = [_any_week(one) for one in exposed if vendor in one.failed]
        held = [_any_week(one) for one in exposed if vendor in one.held]
        return _compare(failed, lambda place: _pool(held, place, self._times), self._times)

    def quiet_ones(self, vendor: str) -> Found:
        """Each customer once, after the last ticket, and only those of whom nothing bad was seen or heard: for the iceberg.

        Both arms are without a later ticket: who came back with another one had not left, and so had the control who did.
        """
        exposed = self._exposed.get(vendor, [])
        quiet = [one for one in exposed if one.last and vendor not in one.unhappy]
        return _compare(quiet, lambda place: self._pool(place, last=True), self._times)

    def _pool(self, place: int, *, last: bool) -> dict[Match, _Controls]:
        found = self._pools.get((place, last))
        if found is None:
            controls = [one for one in self._controls if one.last] if last else self._controls
            found = self._pools[place, last] = _pool(controls, place, self._times)
        return found


def after_a_ticket(seen: Observed, vendor: str) -> Found:
    """See :class:`Comparisons`."""
    return Comparisons(seen).after_a_ticket(vendor)


def not_durable(seen: Observed, vendor: str) -> Found:
    """See :class:`Comparisons`."""
    return Comparisons(seen).not_durable(vendor)


def quiet_ones(seen: Observed, vendor: str) -> Found:
    """See :class:`Comparisons`."""
    return Comparisons(seen).quiet_ones(vendor)


class _Controls:
    """The controls of one stratum. Those of ``alone`` customers stand in no other: they need not be told apart."""

    __slots__ = ("alone", "alone_silent", "gone", "n", "several", "silent")

    def __init__(self) -> None:
        self.n = self.silent = self.alone = self.alone_silent = 0
        self.gone = 0.0
        self.several: list[Observation] = []

    def share(self) -> float:
        """Of silent ones among them."""
        return self.silent / self.n


class _Stratum:
    """The arm in question in one stratum; of ``alone`` customers as above."""

    __slots__ = ("alone", "alone_silent", "controls", "n", "several")

    def __init__(self, controls: _Controls | None) -> None:
        self.n = self.alone = self.alone_silent = 0
        self.several: list[Observation] = []
        self.controls = controls if controls is not None and controls.n >= LEAST else None

    def pull(self, controls: _Controls, silent: bool) -> float:
        """How far one control pulls on what is expected; n - 1, for the mean was taken from these very controls."""
        return self.n * (silent - controls.share()) / sqrt(controls.n * (controls.n - 1))

    def add_to(self, into: Arms) -> None:
        """Everything but the customers who must be told apart."""
        controls = self.controls
        if controls is None:
            into.unmatched += self.n
            return
        share = controls.share()
        into.n += self.n
        into.controls += controls.n
        into.gone += self.n * controls.gone / controls.n
        into.evenness += self.n * self.n / controls.n
        for silent, count in ((True, controls.alone_silent), (False, controls.alone - controls.alone_silent)):
            into.customer(0, 0.0, self.pull(controls, silent), count)
        for silent, count in ((True, self.alone_silent), (False, self.alone - self.alone_silent)):
            into.customer(1, float(silent), share, count)


def _any_week(one: Observation) -> Observation:
    return one._replace(match=one.match._replace(week=0))


def _pool(controls: Iterable[Observation], place: int, times: Mapping[int, int]) -> dict[Match, _Controls]:
    found: defaultdict[Match, _Controls] = defaultdict(_Controls)
    for one in controls:
        silent = one.silent[place]
        if silent is None:
            continue
        into = found[one.match]
        into.n += 1
        into.silent += silent
        into.gone += one.gone
        if times[one.customer] == 1:
            into.alone += 1
            into.alone_silent += silent
        else:
            into.several.append(one)
    return found


def _compare(
    exposed: Sequence[Observation], pool: Callable[[int], Mapping[Match, _Controls]], times: Mapping[int, int]
) -> Found:
    """``pool`` gives the controls of a horizon; ``times`` how often a customer is seen, at least as often as here."""
    found: Found = {}
    for place, horizon in enumerate(HORIZONS) if exposed else ():
        for segment, arms in _horizon(exposed, pool(place), place, times).items():
            found[segment, horizon] = arms
    return found


def _horizon(
    exposed: Sequence[Observation], pool: Mapping[Match, _Controls], place: int, times: Mapping[int, int]
) -> dict[str, Arms]:
    """The sums of one horizon by segment."""
    strata: dict[Match, _Stratum] = {}
    for one in exposed:
        silent = one.silent[place]
        if silent is None:
            continue
        stratum = strata.get(one.match)
        if stratum is None:
            stratum = strata[one.match] = _Stratum(pool.get(one.match))
        stratum.n += 1
        if times[one.customer] == 1:
            stratum.alone += 1
            stratum.alone_silent += silent
        else:
            stratum.several.append(one)
    sums: defaultdict[str, Arms] = defaultdict(Arms)
    own: defaultdict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for match, stratum in strata.items():
        for segment in (ALL, match.segment):
            stratum.add_to(sums[segment])
        if (controls := stratum.controls) is not None:
            share, pulls = controls.share(), (stratum.pull(controls, False), stratum.pull(controls, True))
            for one in stratum.several:
                _note(own, one, 1.0, float(bool(one.silent[place])), share)
            for one in controls.several:
                _note(own, one, 0.0, 0.0, pulls[bool(one.silent[place])])
    for (segment, _), (n, s, e) in own.items():
        sums[segment].customer(int(n), s, e)
    return dict(sums)


def _note(
    own: Mapping[tuple[str, int], list[float]], one: Observation, n: float, silent: float, expected: float
) -> None:
    """Each customer is one cluster, whatever it is seen as, and how often."""
    for segment in (ALL, one.match.segment):
        parts = own[segment, one.customer]
        parts[0] += n
        parts[1] += silent
        parts[2] += expected
