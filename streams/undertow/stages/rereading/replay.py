"""History folded offline through the very same stages: no broker, no Faust, the same cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.ledger import Ledger
from undertow.domain.customers.night import Customers
from undertow.stages import ledger as ledger_stage
from undertow.stages.casebook import Casebook
from undertow.stages.effects import Done
from undertow.stages.intake import DeadLetter, Intake
from undertow.stages.night import Night, NoFitting
from undertow.stages.records import Entry, KafkaRecord, ModelSaid, PeriodSaid, encode
from undertow.stages.rereading.numbering import Numbering
from undertow.wire import Dialect


class Offline:
    """One process, one casebook partition, one ledger. ``dialects``, ``rulings`` as :class:`Intake` takes them, for topics."""

    def __init__(
        self,
        contracts: Mapping[str, Contract],
        dialects: Mapping[str, Dialect] | None = None,
        rulings: str | None = None,
    ) -> None:
        self.contracts = contracts
        self.ledger = Ledger()
        self.night = Night(1)
        self.unfitted: str | None = None
        self.letters: list[DeadLetter] = []
        self.late: list[Entry] = []
        self.last_event_time = 0.0
        self.duplicates = 0
        self.findings: dict[bytes, bytes] = {}
        """What can be said of single tickets, by id; JSON."""
        self.numbering = Numbering(contracts)
        self.rows: dict[bytes, bytes] = {}
        """The state, as :mod:`undertow.stages.rows` writes it."""
        self._intake = Intake(contracts, partitions=1, dialects=dialects, rulings=rulings)
        self.casebook = Casebook(0, contracts, self.rows, self.findings)
        self._offset = -1

    def take(self, records: Iterable[KafkaRecord]) -> None:
        """Fold one span of records."""
        taken = self._intake.take(records)
        self.letters += taken.letters
        self.last_event_time = max([self.last_event_time, *(feed.last_event_time for feed in taken.feeds.values())])
        for claim in taken.claims:
            self._say([PeriodSaid(claim)])
        for entries in taken.entries.values():
            self.numbering.take(entries)
            waiting = entries
            while waiting:  # what is passed on to other customers comes back as entries
                done = self.casebook.fold(waiting)
                self._keep(done)
                self.late += done.late
                self.duplicates += done.duplicates
                waiting = done.moved

    def tick(self, as_of: float) -> None:
        """Judge as of a time (seconds)."""
        self._keep(self.casebook.tick(as_of))

    def evaluate(self) -> Customers | None:
        """Customers, as of the last tick or the newest activity; None where nobody was ever active.

        Without numpy and scipy they are compared all the same; :attr:`unfitted` then says why no model was fitted.
        """
        self._keep(self.casebook.settle())
        self._offset += 1
        self._say([self.casebook.population(self._offset)])
        night = self.night.night
        if night is not None and self.night.stale:
            try:
                found = self.night.fit()
            except NoFitting as why:
                found, self.unfitted = None, str(why)
            if found is not None:
                self._say([ModelSaid(night, found, 0.0, self.casebook.as_of)])
        ask = self.night.ask()
        if ask is None:
            return None
        self._say(self.casebook.evaluated(ask, self._offset))
        return self.night.state(self.contracts)

    def close(self) -> Ledger:
        """The ledger of all that was folded."""
        self._keep(self.casebook.settle())
        self._offset += 1
        self._say(self.casebook.snapshots(self.casebook.cells, self._offset))
        self._say([self.casebook.completed(self._offset), self.casebook.judged()])
        return self.ledger

    def _keep(self, done: Done) -> None:
        for kept, changes in ((self.rows, done.rows), (self.findings, done.findings)):
            for key, value in changes.items():
                if value is None:
                    kept.pop(key, None)
                else:
                    kept[key] = value

    def _say(self, said: Iterable[object]) -> None:
        for record in said:
            ledger_stage.fold(self.ledger, encode(record), self.night)  # type: ignore[arg-type]
