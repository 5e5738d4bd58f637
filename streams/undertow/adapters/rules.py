"""Rules ready to be applied: a row and its ticket's history in, what it says out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct

from undertow.adapters.conditions import Holds
from undertow.adapters.paths import Get, Here, Unfit, walked
from undertow.adapters.terms import NOTHING, Compiled


class Field(Struct, frozen=True):
    """A field of an event's data."""

    name: str
    get: Get
    label: str
    required: bool
    nullable: bool


class Fact(Struct, frozen=True):
    """What a row says by one rule. ``sequence`` None: the feed says none."""

    id: str
    time: datetime
    recorded: datetime | None
    sequence: str | None
    data: dict[str, Any]


class Ready(Struct, frozen=True):
    """A rule ready to be applied."""

    name: str
    type: str
    holds: Holds | None
    each: tuple[tuple[str | int, ...], ...]
    time: Compiled
    recorded: Compiled
    sequence: Compiled
    id: Compiled
    whole_id: bool
    """``id`` is the event's, not only its row's."""
    fields: tuple[Field, ...]
    vendor: str
    first_party: bool
    """The vendor is named only together with a ticket."""

    def facts(self, here: Here) -> Iterator[Fact | Unfit]:
        """What the row says; of several elements one that is unfit does not silence the others."""
        if not self.each:
            said = self._said(here)
            if said is not None:
                yield said
            return
        try:
            for item, items in _elements(here.row, self.each):
                here.item, here.items = item, items
                said = self._said(here)
                if said is not None:
                    yield said
        except Unfit as why:
            yield why

    def label(self, field: str) -> str:
        """The columns behind a field of the event, ``$.data.topic`` as refusals name it."""
        own = {"$.time": self.time.label, "$.recordedtime": self.recorded.label, "$.sequence": self.sequence.label}
        own |= {"$.id": self.id.label} | {f"$.data.{one.name}": one.label for one in self.fields}
        return own.get(".".join(field.split(".")[:3])) or field.removeprefix("$.")

    def _said(self, here: Here) -> Fact | Unfit | None:
        """None where there is nothing to say."""
        try:
            return self._fact(here) if self.holds is None or self.holds(here) else None
        except Unfit as why:
            return why

    def _fact(self, here: Here) -> Fact | None:
        data: dict[str, Any] = {}
        for field in self.fields:
            value = field.get(here)
            if value is not None and value is not NOTHING:
                data[field.name] = value
            elif field.required and field.nullable:
                data[field.name] = None
            elif field.required:
                if value is NOTHING:
                    return None
                raise Unfit(field.label or field.name, f"is empty, and {self.type} needs it as {field.name}")
        if not self.first_party or "ticket" in data:
            data["vendor"] = self.vendor
        time = self.time.get(here)
        if time is None or time is NOTHING:
            raise Unfit(self.time.label or "time", f"is empty: when did {self.type} happen?")
        return Fact(self._id(here), time, _or_none(self.recorded.get(here)), _or_none(self.sequence.get(here)), data)

    def _id(self, here: Here) -> str:
        found = self.id.get(here)
        if found is None or found is NOTHING:
            raise Unfit(self.id.label, "is empty, and the event's id is made of it")
        if self.whole_id:
            return str(found)
        return f"{found}-{self.name}-{here.item}" if self.each else f"{found}-{self.name}"


def _elements(row: Any, each: tuple[tuple[str | int, ...], ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:  # noqa: ANN401
    """The elements of a list, or of a list in each element of a list, with their numbers."""
    for place, outer in enumerate(_list(row, each[0]), start=1):
        if len(each) == 1:
            yield str(place), (outer,)
            continue
        for inner_place, inner in enumerate(_list(outer, each[1]), start=1):
            yield f"{place}.{inner_place}", (outer, inner)


def _list(value: Any, steps: tuple[str | int, ...]) -> list[Any]:  # noqa: ANN401
    found = walked(value, steps)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Unfit(".".join(map(str, steps)), "is no list")
    return found


def _or_none(value: Any) -> Any:  # noqa: ANN401
    return None if value is NOTHING else value
