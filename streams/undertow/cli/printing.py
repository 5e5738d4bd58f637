"""Statements as files, from what stands on the topics: for ``undertow report`` and ``undertow deliver`` alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any

from undertow import clients, topics
from undertow.domain.agreement.contract import Contract
from undertow.domain.statements.selection import chosen
from undertow.domain.statements.statement import decode
from undertow.reports.forms import DRAWN, Format, render
from undertow.reports.packed import Packed
from undertow.reports.pseudonyms import Pseudonyms
from undertow.settings import Settings
from undertow.stages.rereading.dossier import Dossiers, dossiers, of_vendor, standing
from undertow.stages.rows import is_customer, is_ticket, name_of


def rows_of(settings: Settings, vendor: str) -> dict[bytes, bytes]:
    """The rows of a vendor's tickets, and of customers. Raises :class:`undertow.clients.KafkaUnavailable`."""
    return _rows(clients.read(settings, topics.changelog(settings)), vendor)


def _rows(records: Iterable[Any], vendor: str) -> dict[bytes, bytes]:
    """The last record of a key counts."""
    found: dict[bytes, bytes] = {}
    for record in records:
        key = record.key
        if is_customer(key) or (is_ticket(key) and name_of(key)[0] == vendor):
            if record.value is None:
                found.pop(key, None)
            else:
                found[key] = record.value
    return found


class Printer:
    """Renders issued statements with what stands on the topics when it is first asked, until :meth:`forget`.

    One at a time: what it is made of is large. ``contracts`` give the clocks of drawings.
    """

    def __init__(self, settings: Settings, contracts: Mapping[str, Contract], names: Pseudonyms) -> None:
        self._settings, self._contracts, self._names = settings, contracts, names
        self._lock = Lock()
        self.forget()

    def forget(self) -> None:
        """Read the topics anew next time."""
        self._findings: dict[bytes, bytes] | None = None
        self._rows: tuple[str, dict[bytes, bytes]] | None = None
        self._made: dict[tuple[bytes, Format], bytes] = {}

    def __call__(self, record: bytes, form: Format) -> bytes:
        """A statement as it stands on its topic, as a file. Raises ValueError for what is no statement."""
        with self._lock:
            made = self._made.get((record, form))
            if made is None:  # every receiver of a kind gets the same
                made = self._made[record, form] = self._print(record, form)
        return made

    def _print(self, record: bytes, form: Format) -> bytes:
        statement = decode(record)
        contract = self._contracts.get(statement.vendor)
        if self._findings is None:
            self._findings = standing(self._records(topics.FINDINGS))
        own = Packed(of_vendor(self._findings, statement.vendor), statement)
        drawn: Dossiers | None = None
        if form in DRAWN and contract is not None:
            if self._rows is None or self._rows[0] != statement.vendor:
                self._rows = statement.vendor, rows_of(self._settings, statement.vendor)
            drawn = dossiers(self._rows[1], statement, chosen(own), contract)
        return render(statement, own, form, names=self._names, dossiers=drawn)

    def _records(self, topic: str) -> Iterable[tuple[bytes, bytes | None]]:
        records = clients.read(self._settings, topics.name(self._settings, topic))
        return ((record.key, record.value) for record in records)
