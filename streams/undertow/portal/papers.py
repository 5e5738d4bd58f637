"""Statements as people take them away: what was issued, rendered with the findings of their scope as they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from undertow.clients import KafkaUnavailable
from undertow.domain.agreement.contract import Contract
from undertow.domain.judging.findings import Finding
from undertow.domain.statements.selection import chosen
from undertow.domain.statements.statement import decode
from undertow.domain.tickets.facts import Fact
from undertow.portal.scope import Scope
from undertow.reports.forms import DRAWN, Format, file_name, render
from undertow.reports.packed import Packed
from undertow.reports.pseudonyms import Pseudonyms
from undertow.stages.rereading.dossier import Dossiers


class Facts(Protocol):
    """What drawings are made from."""

    def facts(self, findings: list[Finding]) -> dict[str, list[Fact]]: ...  # noqa: D102


class Paper(Struct, frozen=True):
    """A file."""

    name: str
    content: bytes


class Papers:
    """Makes them. Customers are pseudonyms in each, whoever asks: files travel on."""

    def __init__(self, contracts: Mapping[str, Contract], names: Pseudonyms, facts: Facts) -> None:
        self._contracts, self._names, self._facts = contracts, names, facts

    def of(self, scope: Scope, id: str, form: Format) -> Paper | None:
        """A statement of this scope, None where there is none. Raises :class:`~undertow.reports.forms.NoPdf`.

        Its page is that of ``undertow report`` without the case to learn from, for which all tickets had to be read; while
        the broker does not answer also without drawings.
        """
        issued = scope.statement(id)
        if issued is None:
            return None
        statement = decode(issued.body)
        own = Packed(scope.belonging(statement), statement)
        drawn: Dossiers | None = None
        if form in DRAWN:
            drawn = Dossiers(self._drawn(chosen(own)), contract=self._contracts.get(statement.vendor))
        content = render(statement, own, form, names=self._names, dossiers=drawn)
        return Paper(file_name(statement.vendor, statement.period, form), content)

    def _drawn(self, findings: list[Finding]) -> dict[str, list[Fact]]:
        try:
            return self._facts.facts(findings)
        except KafkaUnavailable:
            return {}
