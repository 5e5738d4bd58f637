"""What the topics hold of a customer: what ``undertow forget`` erases, and what it has to say of the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from kafka.errors import KafkaError
from msgspec import Struct

from undertow import clients, topics, wire
from undertow.adapters.kinds import text
from undertow.cli.dlq import letters_kept
from undertow.clients import KafkaUnavailable
from undertow.events import DisputeAnswered, DisputeRuled
from undertow.settings import Settings
from undertow.stages.letters import Letter
from undertow.stages.merging import edges
from undertow.stages.night import Night
from undertow.stages.records import decode_finding, decode_for_ledger
from undertow.stages.rows import (
    CustomerRow,
    customer_of,
    decode,
    forgotten_key,
    is_ticket,
    name_of,
    unflattened,
)

SURE: Final = 6
"""Characters from which a name within a text, or written as a number, is the customer's: shorter ones stand anywhere."""


class Kept(Struct):
    """What the topics hold of a customer, by key: the last word on each."""

    rows: list[bytes]
    findings: list[str]
    letters: list[Letter]
    listed: bool
    """Whether the list of customers to call names it."""
    remembered: bool
    """Whether its hash is kept, so that nothing older is taken in again."""
    merged: list[str]
    """Other customers whose rows name it: it was merged into them, or they into it."""

    @property
    def nothing(self) -> bool:
        """Whether all of it is gone. What other customers' rows say goes with those customers."""
        return not self.rows and not self.findings and not self.letters and not self.listed

    def words(self) -> str:
        """What there is."""
        tickets = sum(map(is_ticket, self.rows))
        return (
            f"{len(self.rows) - tickets} rows of the customer, {tickets} of its tickets, {len(self.findings)} findings, "
            f"{len(self.letters)} dead letters, {'named' if self.listed else 'not named'} among the customers to call"
        )


class Search:
    """Looks for one customer, as often as is asked."""

    def __init__(self, chosen: Settings, customer: str) -> None:
        self._settings, self._customer = chosen, customer
        self._words = re.compile(rf"(?<![\w.+@-]){re.escape(customer)}(?![\w+@-]|\.\w)")
        self._originals: dict[str, list[bytes]] = {}
        """What letters that carry nothing are about, by id."""

    def look(self) -> Kept:
        """What is there now. Raises :class:`~undertow.clients.KafkaUnavailable`."""
        rows: dict[bytes, bool] = {}
        merged: dict[str, bool] = {}
        remembered, memory = False, forgotten_key(self._customer)
        for key, value in self._records(topics.changelog(self._settings)):
            if key == memory:
                remembered = value is not None
            elif key is not None and (whose := name_of(key)[1] if is_ticket(key) else customer_of(key)) is not None:
                if whose == self._customer:
                    rows[key] = value is not None
                elif not is_ticket(key):
                    merged[whose] = value is not None and self._in_merges(value)
        findings: dict[str, bool] = {}
        for key, value in self._records(topics.name(self._settings, topics.FINDINGS)):
            id = (key or b"").decode("utf-8", "replace")
            findings[id] = value is not None and decode_finding(value).customer == self._customer
        night = Night(self._settings.casebook_partitions)
        for _, value in self._records(topics.name(self._settings, topics.CELLS)):
            if value is not None:
                night.fold(decode_for_ledger(value))
        tickets = {name_of(key)[0::2] for key in rows if is_ticket(key)}
        return Kept(
            rows=[key for key, there in rows.items() if there],
            findings=sorted(id for id, its in findings.items() if its),
            letters=list(self.letters(letters_kept(self._settings), tickets)),
            listed=any(call.customer == self._customer for call in night.listed()),
            remembered=remembered,
            merged=sorted(name for name, says in merged.items() if says),
        )

    def answers(self) -> int | None:
        """How many answers and rulings name the customer: they stand for good. None where they may not be read."""
        found = 0
        try:
            for record in clients.read(self._settings, topics.name(self._settings, topics.DISPUTES)):
                try:
                    event = wire.decode(record.value, record.headers)
                except wire.Refused:
                    continue
                if isinstance(event, DisputeAnswered | DisputeRuled):
                    found += event.data.customer == self._customer
        except (KafkaUnavailable, KafkaError):
            return None
        return found

    def letters(self, kept: Iterable[Letter], tickets: Iterable[tuple[Any, ...]] = ()) -> Iterator[Letter]:
        """Those about the customer: their bytes or headers name it, or they are about a fact of one of its tickets."""
        letters, starts = list(kept), tuple(f"ticket {ticket!r} of {vendor!r}:" for vendor, ticket in tickets)
        self._fetch(one for one in letters if not one.carried and one.id not in self._originals)
        for one in letters:
            said = [one.value or b"", *(content for _, content in one.headers), *self._originals.get(one.id, ())]
            if one.detail.startswith(starts) or any(map(self._names, said)) or self._in_text(one.detail):
                yield one

    def _fetch(self, letters: Iterable[Letter]) -> None:
        wanted: dict[str, dict[int, list[int]]] = {}
        for one in letters:
            self._originals[one.id] = []
            wanted.setdefault(one.topic, {}).setdefault(one.partition, []).append(one.offset)
        for topic, offsets in wanted.items():
            sought = {partition: sorted(some) for partition, some in offsets.items()}
            try:
                for record in clients.fetch_all(self._settings, topic, sought):
                    said = [record.value or b"", *(content or b"" for _, content in record.headers)]
                    self._originals[f"{topic}/{record.partition}/{record.offset}"] = said
            except (KafkaUnavailable, KafkaError):
                continue  # the topic is gone, and the original with it, or is not ours to read

    def _records(self, topic: str) -> Iterator[tuple[bytes | None, bytes | None]]:
        return ((record.key, record.value) for record in clients.read(self._settings, topic))

    def _in_merges(self, value: bytes) -> bool:
        if unflattened(value) is not None:
            return False
        row = decode(value)
        return isinstance(row, CustomerRow) and any(self._customer in edge for edge in edges(row.facts))

    def _names(self, value: bytes) -> bool:
        try:
            return self._in_json(msgspec.json.decode(value))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            said = value.decode("utf-8", "replace")
            return f'"{self._customer}"' in said or self._in_text(said)

    def _in_json(self, value: object) -> bool:
        if isinstance(value, dict):
            return any(self._in_json(one) for pair in value.items() for one in pair)
        if isinstance(value, list):
            return any(map(self._in_json, value))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return len(self._customer) >= SURE and text(value) == self._customer
        return isinstance(value, str) and (value == self._customer or self._in_text(value))

    def _in_text(self, said: str) -> bool:
        return len(self._customer) >= SURE and self._customer in said and self._words.search(said) is not None
