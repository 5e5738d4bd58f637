"""The arms of a comparison of silence, matched and added up.

:class:`Arms` are sums over customers: a customer who appears in several weeks, on either side, is one cluster, and the
arms of disjoint groups of customers, each matched within itself, may simply be added.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import sqrt
from typing import Final

from msgspec import Struct

from undertow.domain.ledger import ALL
from undertow.domain.silence import HORIZONS, Match, Observed, Seen

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

    def customer(self, n: int, silent: float, expected: float) -> None:
        """Add one customer's part to the moments."""
        self.customers += n > 0
        self.silent += silent
        self.expected += expected
        self.nn += n * n
        self.ns += n * silent
        self.ss += silent * silent
        self.ne += n * expected
        self.ee += expected * expected
        self.se += silent * expected


def total(parts: Iterable[Arms]) -> Arms:
    """The sum over disjoint customers."""
    found = Arms()
    for one in parts:
        found.add(one)
    return found


Found = dict[tuple[str, int], Arms]
"""By segment (and all of them) and horizon in days."""


def after_a_ticket(seen: Observed, vendor: str) -> Found:
    """Customers whose ticket with ``vendor`` ended in the week, against customers without a ticket in it."""
    return _compare([one for one in seen.exposed if vendor in one.vendors], seen.controls)


def not_durable(seen: Observed, vendor: str) -> Found:
    """Customers whose ticket did not hold against customers whose ticket did: both had one, the cleanest contrast.

    Both arms are small, so they are matched over all weeks together.
    """
    failed = [one for one in seen.exposed if vendor in one.failed]
    return _compare(failed, [one for one in seen.exposed if vendor in one.held], weekly=False)


def quiet_ones(seen: Observed, vendor: str) -> Found:
    """Each customer once, after the last ticket, and only those of whom nothing bad was seen or heard: for the iceberg.

    Both arms are without a later ticket: who came back with another one had not left, and so had the control who did.
    """
    quiet = [one for one in seen.exposed if one.last and vendor in one.vendors and vendor not in one.unhappy]
    return _compare(quiet, [one for one in seen.controls if one.last])


class _Stratum:
    """Counts of one stratum. The controls of ``alone`` customers stand in no other: they need not be told apart."""

    __slots__ = ("alone", "alone_silent", "controls", "gone", "n", "silent")

    def __init__(self) -> None:
        self.n = self.controls = self.silent = self.alone = self.alone_silent = 0
        self.gone = 0.0

    def share(self) -> float:
        """Of silent ones among the controls."""
        return self.silent / self.controls

    def pull(self, silent: bool) -> float:
        """How far one control pulls on what is expected; n - 1, for the mean was taken from these very controls."""
        return self.n * (silent - self.share()) / sqrt(self.controls * (self.controls - 1))


def _compare(exposed: Sequence[Seen], controls: Sequence[Seen], *, weekly: bool = True) -> Found:
    times = Counter(one.customer for one in chain(exposed, controls))
    found: Found = {}
    for place, horizon in enumerate(HORIZONS):
        for segment, arms in _Horizon(place, weekly).arms(exposed, controls, times).items():
            found[segment, horizon] = arms
    return found


class _Horizon:
    """One horizon of one comparison."""

    def __init__(self, place: int, weekly: bool) -> None:
        self._place, self._weekly = place, weekly
        self._strata: defaultdict[Match, _Stratum] = defaultdict(_Stratum)

    def arms(self, exposed: Sequence[Seen], controls: Sequence[Seen], times: Mapping[int, int]) -> dict[str, Arms]:
        """The sums by segment."""
        for one in exposed:
            if one.silent[self._place] is not None:
                self._strata[self._key(one)].n += 1
        several: list[Seen] = []
        for one in controls:
            silent = one.silent[self._place]
            if silent is not None and (stratum := self._strata.get(self._key(one))) is not None:
                stratum.controls += 1
                stratum.silent += silent
                stratum.gone += one.gone
                if times[one.customer] == 1:
                    stratum.alone += 1
                    stratum.alone_silent += silent
                else:
                    several.append(one)
        sums = self._sums()
        self._moments(exposed, several, sums)
        return dict(sums)

    def _key(self, one: Seen) -> Match:
        return one.match if self._weekly else one.match._replace(week=0)

    def _sums(self) -> defaultdict[str, Arms]:
        sums: defaultdict[str, Arms] = defaultdict(Arms)
        for key, stratum in self._strata.items():
            for into in (sums[ALL], sums[key.segment]):
                if stratum.controls < LEAST:
                    into.unmatched += stratum.n
                    continue
                into.n += stratum.n
                into.controls += stratum.controls
                into.gone += stratum.n * stratum.gone / stratum.controls
                into.evenness += stratum.n * stratum.n / stratum.controls
                for silent, count in ((True, stratum.alone_silent), (False, stratum.alone - stratum.alone_silent)):
                    into.expected += count * stratum.pull(silent)
                    into.ee += count * stratum.pull(silent) ** 2
        return sums

    def _moments(self, exposed: Sequence[Seen], several: Sequence[Seen], sums: Mapping[str, Arms]) -> None:
        """Each customer is one cluster, whatever it is seen as, and how often."""
        own: defaultdict[int, dict[str, list[float]]] = defaultdict(dict)
        for one, with_ticket in chain(((one, True) for one in exposed), ((one, False) for one in several)):
            silent = one.silent[self._place]
            if silent is None or (stratum := self._strata[self._key(one)]).controls < LEAST:
                continue
            more = (1.0, silent, stratum.share()) if with_ticket else (0.0, 0.0, stratum.pull(silent))
            for segment in (ALL, one.match.segment):
                parts = own[one.customer].setdefault(segment, [0.0, 0.0, 0.0])
                for at, part in enumerate(more):
                    parts[at] += part
        for segments in own.values():
            for segment, (n, s, e) in segments.items():
                sums[segment].customer(int(n), s, e)
