"""What one side may see: the only way from a page to the index. A vendor's scope holds nothing of another vendor.

Every query names the vendor of its scope itself; an id of another's is answered as one that does not exist.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Final

import msgspec
from msgspec import Struct

from undertow.domain.judging.disputes import STATES
from undertow.domain.judging.findings import Finding
from undertow.domain.statements.statement import PeriodStatement
from undertow.portal.index import Index, Issued, Said, day_of, rank_of, unpacked
from undertow.reports.pseudonyms import Pseudonyms

PAGE: Final = 50
"""Findings on a page."""
CHUNK: Final = 500
"""Findings read at once for a download."""
Ask = Callable[[str, Sequence[Any]], sqlite3.Cursor]
_FINDING: Final = msgspec.json.Decoder(Finding).decode


class Filter(Struct, frozen=True):
    """What findings are asked for; an empty word asks for all. Days since 1970-01-01, both included."""

    kind: str = ""
    name: str = ""
    verdict: str = ""
    cause: str = ""
    state: str = ""
    """``none``: not answered yet."""
    first: int | None = None
    last: int | None = None
    vendor: str = ""
    """Of the company's scope only."""
    ticket: str = ""


class Place(Struct, frozen=True):
    """Where a page of the list ends: the next one begins after it."""

    day: int
    rank: int
    id: str


class Shown(Struct, frozen=True):
    """A finding as its scope may show it: ``customer`` is a pseudonym for a vendor."""

    finding: Finding
    customer: str | None

    @property
    def place(self) -> Place:
        """Its place in the list."""
        return Place(day_of(self.finding), rank_of(self.finding.verdict), self.finding.id)


class Scope:
    """``vendor`` None is the company's, which sees every vendor and the customers as they are called."""

    def __init__(self, index: Index, vendor: str | None, pseudonyms: Pseudonyms) -> None:
        self.vendor = vendor
        self._index, self._pseudonyms = index, pseudonyms

    def findings(self, wanted: Filter, after: Place | None = None, most: int = PAGE) -> list[Shown]:
        """A page of the list: newest day first, under-reports first in a day."""
        with self._index.reading() as ask:
            lists = [self._list(ask, wanted, after, *facet) for facet in self._facets(ask, wanted)]
            ids = [id for _, _, id in islice(merge(*lists), most)]
            return [self._shown(body) for id in ids for (body,) in ask("SELECT body FROM finding WHERE id = ?", [id])]

    def every(self, wanted: Filter) -> Iterator[list[Shown]]:
        """The whole list, in chunks."""
        after: Place | None = None
        while some := self.findings(wanted, after, CHUNK):
            yield some
            after = some[-1].place

    def count(self, wanted: Filter) -> int:
        """How many findings are asked for."""
        with self._index.reading() as ask:
            facets = self._facets(ask, wanted)
            if (wanted.first, wanted.last, wanted.ticket) == (None, None, ""):
                return sum(n for _, _, n in facets)
            return sum(sum(1 for _ in self._list(ask, wanted, None, *facet)) for facet in facets)

    def totals(self) -> dict[str, int]:
        """How many findings there are: by verdict, ``pattern`` for those of patterns, and by state."""
        found = dict.fromkeys(("under_reported", "over_reported", "pattern", *STATES), 0)
        query = f"SELECT kind, verdict, state, n FROM facet WHERE {self._own}"  # noqa: S608 - our own words, values are bound
        with self._index.reading() as ask:
            for kind, verdict, state, n in ask(query, self._whose):
                for what in (verdict if kind == "verdict" else kind, state):
                    if what in found:
                        found[what] += n
        return found

    def vendors(self) -> list[str]:
        """Of whom there are findings."""
        query = f"SELECT DISTINCT vendor FROM facet WHERE {self._own} AND n > 0 ORDER BY vendor"  # noqa: S608 - as above
        return [vendor for (vendor,) in self._rows(query, [])]

    def finding(self, id: str) -> Shown | None:
        """One finding, None where there is none in this scope."""
        query = f"SELECT body FROM finding JOIN facet USING (facet) WHERE id = ? AND {self._own}"  # noqa: S608 - as above
        return next((self._shown(body) for (body,) in self._rows(query, [id])), None)

    def said(self, finding: Finding) -> list[Said]:
        """What was said of a finding of this scope, in the order it was recorded."""
        query = f"SELECT * FROM said WHERE finding = ? AND vendor = ? AND {self._own} ORDER BY recorded, id"  # noqa: S608 - as above
        found = [Said(*row) for row in self._rows(query, [finding.id, finding.vendor])]
        return [msgspec.structs.replace(one, ruling=bool(one.ruling)) for one in found]

    def statements(self) -> list[Issued]:
        """The statements, latest period first."""
        query = f"SELECT * FROM statement WHERE {self._own} ORDER BY period DESC, vendor, number DESC LIMIT 1000"  # noqa: S608 - as above
        return [Issued(*row) for row in self._rows(query, [])]

    def newest(self) -> Issued | None:
        """Of a vendor's scope the statement of the latest period; the company's has none that stands for all vendors."""
        query = f"SELECT * FROM statement WHERE {self._own} ORDER BY period DESC, number DESC LIMIT 1"  # noqa: S608 - as above
        return next((Issued(*row) for row in self._rows(query, [])), None) if self.vendor is not None else None

    def statement(self, id: str) -> Issued | None:
        """One statement, None where there is none in this scope."""
        query = f"SELECT * FROM statement WHERE id = ? AND {self._own}"  # noqa: S608 - as above
        return next((Issued(*row) for row in self._rows(query, [id])), None)

    def belonging(self, statement: PeriodStatement) -> Iterator[Finding]:
        """The findings of a statement's vendor and period, as far as they are of this scope."""
        wanted = Filter(vendor=statement.vendor, first=statement.first_day, last=statement.last_day)
        return (shown.finding for some in self.every(wanted) for shown in some)

    def _rows(self, query: str, values: list[Any]) -> list[tuple[Any, ...]]:
        """The rows of a query whose last condition is :attr:`_own`."""
        with self._index.reading() as ask:
            return ask(query, [*values, *self._whose]).fetchall()

    def _facets(self, ask: Ask, wanted: Filter) -> list[tuple[int, int, int]]:
        """The facets that are asked for: which, their rank, how many findings."""
        parts, values = [self._own, "n > 0"], self._whose
        for column in ("kind", "name", "verdict", "cause"):
            if word := getattr(wanted, column):
                parts.append(f"{column} = ?")
                values.append(word)
        if wanted.state:
            parts.append("state = ?")
            values.append("" if wanted.state == "none" else wanted.state)
        if wanted.vendor:
            parts.append("vendor = ?")
            values.append(wanted.vendor)
        query = f"SELECT facet, verdict, n FROM facet WHERE {' AND '.join(parts)}"  # noqa: S608 - as above
        return [(facet, rank_of(verdict), n) for facet, verdict, n in ask(query, values)]

    def _list(
        self, ask: Ask, wanted: Filter, after: Place | None, facet: int, rank: int, _: int
    ) -> Iterator[tuple[int, int, str]]:
        """The findings of one facet from a place on, in order: the day turned around, the rank, the id."""
        parts: list[str] = ["facet = ?"]
        values: list[Any] = [facet]
        last = [wanted.last] if wanted.last is not None else []
        if after is not None:
            last.append(after.day - (rank < after.rank))
            if rank == after.rank:
                parts.append("(day < ? OR id > ?)")
                values += [after.day, after.id]
        for bound, sign in ((wanted.first, ">="), (min(last, default=None), "<=")):
            if bound is not None:
                parts.append(f"day {sign} ?")
                values.append(bound)
        if wanted.ticket:
            parts.append("ticket = ?")
            values.append(wanted.ticket)
        table = "finding INDEXED BY of_ticket" if wanted.ticket else "finding INDEXED BY of_facet"
        query = f"SELECT day, id FROM {table} WHERE {' AND '.join(parts)} ORDER BY day DESC, id"  # noqa: S608 - as above
        for day, id in ask(query, values):
            yield -day, rank, id

    @property
    def _own(self) -> str:
        return "1" if self.vendor is None else "vendor = ?"

    @property
    def _whose(self) -> list[Any]:
        return [] if self.vendor is None else [self.vendor]

    def _shown(self, body: bytes) -> Shown:
        finding = _FINDING(unpacked(body))
        named = finding.customer if self.vendor is None else self._pseudonyms.of(finding.vendor, finding.customer)
        return Shown(finding, named)
