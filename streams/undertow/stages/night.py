"""The night: what casebooks say of their customers in, what to do next and figures out. A part of the ledger.

When time passes into a new day each casebook says its population. Once all have, a model is fitted where it is time, every
casebook is asked to evaluate its customers with it, and once all have answered their arms are added up. All of it is read
from the ledger's topic, so a new owner goes on where the last one stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from msgspec import Struct

from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.ledger import Position
from undertow.domain.customers.calls import Call, first
from undertow.domain.customers.churn import CannotFit, Fit
from undertow.domain.customers.iceberg import Heard
from undertow.domain.customers.night import Customers, added, calls, hidden, silences
from undertow.domain.customers.population import histories
from undertow.stages.evaluation import UNIT
from undertow.stages.records import Ask, EvaluatedSaid, LeaversSaid, ModelSaid, PopulationSaid, SilenceSaid

REFIT: Final = 7
"""Days after which a model is fitted anew: customers' habits change over months."""


class NoFitting(Exception):
    """numpy or scipy is not there; the message says what to install."""


class Night:
    """What the ledger knows of customers. ``partitions``: how many casebooks there are."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._populations: dict[int, PopulationSaid] = {}
        self._evaluated: dict[int, EvaluatedSaid] = {}
        self._silences: dict[tuple[int, str], SilenceSaid] = {}
        self._leavers: dict[int, LeaversSaid] = {}
        self.model: ModelSaid | None = None
        self._kept: Customers | None = None
        self._changed = False

    def fold(self, said: Struct) -> None:
        """One record of ``undertow.cells``; of two of a kind and partition the one with the higher position counts."""
        match said:
            case PopulationSaid():
                self._populations[said.partition] = _later(said, self._populations.get(said.partition))
            case EvaluatedSaid():
                self._evaluated[said.partition] = _later(said, self._evaluated.get(said.partition))
                self._changed = True
            case LeaversSaid():
                self._leavers[said.partition] = _later(said, self._leavers.get(said.partition))
            case SilenceSaid():
                key = (said.partition, said.vendor)
                self._silences[key] = _later(said, self._silences.get(key))
            case ModelSaid():
                if self.model is None or (said.night, said.at) >= (self.model.night, self.model.at):
                    self.model = said

    # -- what is to be done

    @property
    def night(self) -> int | None:
        """The night that every casebook has said its population for, None while they differ or some are missing."""
        nights = {said.night for said in self._populations.values()}
        return nights.pop() if len(self._populations) >= self._partitions and len(nights) == 1 else None

    @property
    def today(self) -> int | None:
        """The day as of whose beginning customers are evaluated: the one after the newest activity of anyone.

        When the company's feed stops, nobody fell silent. None before the first activity.
        """
        newest = [said.population.newest for said in self._populations.values() if said.population.newest is not None]
        return max(newest) + 1 if newest else None

    @property
    def answered(self) -> bool:
        """Whether every casebook has evaluated what it said last: a new owner, or one that forgot somebody, says it anew."""
        return self.night is not None and all(
            (found := self._evaluated.get(partition)) is not None
            and found.night >= said.night
            and found.position >= said.position
            for partition, said in self._populations.items()
        )

    @property
    def round(self) -> tuple[tuple[int, Position], ...]:
        """Which populations there are: another one of any casebook is another round."""
        return tuple(sorted((partition, said.position) for partition, said in self._populations.items()))

    @property
    def stale(self) -> bool:
        """Whether it is time for a new model."""
        night = self.night
        return night is not None and (
            self.model is None or night >= self.model.night + REFIT or night < self.model.night
        )

    def fit(self) -> Fit | None:
        """The model of all populations; None where they do not determine one. May take seconds.

        Raises :class:`NoFitting` where numpy and scipy are missing.
        """
        try:
            from undertow.fitting import Book, fit  # noqa: PLC0415 - scipy takes a second, and may be absent
        except ImportError as error:
            raise NoFitting(f"{error}; install what churn models need: pip install 'undertow[churn]'") from None
        if self.today is None:
            return None
        rows = histories([said.population for said in self._populations.values()], self.today - 1)
        try:
            return fit(Book.counted(rows, UNIT))
        except CannotFit:
            return None

    def ask(self) -> Ask | None:
        """What to ask every casebook; None while not all have said their population, or nobody was ever active."""
        night, today = self.night, self.today
        if night is None or today is None:
            return None
        populations = [said.population for said in self._populations.values()]
        valued = sum(one.valued for one in populations)
        usual = sum(one.worth for one in populations) / valued if valued else None
        return Ask(night, today, self.model.fit if self.model is not None else None, usual)

    # -- what is said

    def state(self, contracts: Mapping[str, Contract]) -> Customers | None:
        """The newest night that every casebook has answered; the one before it while answers come in."""
        if self._changed and (whole := self._whole()):
            self._changed = False
            today, model = whole[0].today, self.model
            parts = {vendor: self._of(vendor, whole) for vendor in contracts}
            known = any(one.left is not None for one in whole)
            self._kept = Customers(
                today=today,
                customers=sum(one.customers for one in whole),
                fit=model.fit if model is not None else None,
                seconds=model.seconds if model is not None else 0.0,
                fitted_at=model.at if model is not None else 0.0,
                left=sum(one.left or 0.0 for one in whole) if known else None,
                silences=tuple(
                    one
                    for vendor, some in parts.items()
                    for one in silences(vendor, added(said.arms for said in some), contracts[vendor])
                ),
                icebergs=tuple(
                    hidden(vendor, added(said.arms for said in some), _heard(said.heard for said in some))
                    for vendor, some in parts.items()
                ),
                calls=calls((call for one in whole for call in one.calls), contracts) if known else (),
            )
        return self._kept

    @property
    def evaluated_as_of(self) -> int | None:
        """The day as of whose beginning the list was made (the earliest, should casebooks differ); None before any was."""
        return min((said.today for said in self._leavers.values()), default=None)

    def listed(self) -> list[Call]:
        """Whom to call, the first first."""
        return first(call for said in self._leavers.values() for call in said.leavers)

    def _whole(self) -> list[EvaluatedSaid]:
        said = list(self._evaluated.values())
        return said if len(said) >= self._partitions and len({one.night for one in said}) == 1 else []

    def _of(self, vendor: str, whole: Iterable[EvaluatedSaid]) -> list[SilenceSaid]:
        found = []
        for one in whole:
            said = self._silences.get((one.partition, vendor))
            if said is not None and vendor in one.vendors and said.night == one.night:
                found.append(said)
        return found


Said = TypeVar("Said", PopulationSaid, EvaluatedSaid, LeaversSaid, SilenceSaid)


def _later(said: Said, before: Said | None) -> Said:
    return said if before is None or said.position >= before.position else before


def _heard(parts: Iterable[Heard]) -> Heard:
    total = [0, 0, 0]
    for one in parts:
        for place, n in enumerate((one.customers, one.hidden, one.complained)):
            total[place] += n
    return Heard(*total)
