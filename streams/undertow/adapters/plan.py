"""A mapping compiled: its terms, conditions and rules as closures for one file, and everything in it that makes no sense."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, get_type_hints

from msgspec import Struct, UnsetType, inspect

from undertow.adapters import conditions, kinds
from undertow.adapters.conditions import Holds
from undertow.adapters.kinds import Habits
from undertow.adapters.mapping import TYPES, Condition, Doer, Mapping, Rule, Term, Value, When
from undertow.adapters.paths import Cells, Get, Here, Paths, Places, never_back, steps_of
from undertow.adapters.rules import Field, Ready
from undertow.adapters.shape import Path, Problem, among
from undertow.adapters.terms import NOTHING, Compiled, Compiler, listed
from undertow.events import CustomerData

_TEXT: Final = inspect.StrType()
_TIME: Final = inspect.DateTimeType()


class Plan(Struct, frozen=True):
    """A mapping compiled for one file."""

    rules: tuple[Ready, ...]
    ticket: Compiled
    holds: Holds | None
    order: tuple[Compiled, ...]
    source: str
    hashed: bool
    """Whether anything asks for a hash of the row."""
    read: Callable[[Any], Any]
    """A row of the file as it is kept and looked at."""


def plan(mapping: Mapping, vendor: str, found: list[Problem], columns: list[str] | None = None) -> Plan:
    """Compile. What is wrong is added to ``found``; without ``columns`` nothing is known of the file yet."""
    habits = _habits(mapping, found)
    csv = mapping.file.format == "csv"
    places: Places = Cells(mapping.missing, columns) if csv else Paths(mapping.missing)
    top = Compiler(places, habits, found)
    _alone(mapping.when, found)
    finders = {("ticket",): mapping.ticket} | {("order", place): one for place, one in enumerate(mapping.order)}
    for path, value in finders.items():
        if isinstance(value, Term) and value.of != "row":
            found.append(
                Problem((*path, "of"), "a ticket's rows are found and ordered by this: it cannot ask for other rows")
            )
    now = top.term(mapping.time, _TIME, ("time",))
    shared = {
        "time": Compiled(never_back(now.get), now.label) if mapping.forward else now,
        "recorded": top.term(mapping.recorded, _TIME, ("recorded",)),
        "sequence": top.term(mapping.sequence, _TEXT, ("sequence",)),
        "id": top.term("{@hash}" if mapping.id is None else mapping.id, _TEXT, ("id",)),
    }
    names = _names(mapping.events, found)
    rules = []
    for place, rule in enumerate(mapping.events):
        if rule.type not in TYPES:
            found.append(
                Problem(("events", place, "type"), f"there is no event {rule.type!r}; {among(rule.type, TYPES)}")
            )
            continue
        depth = 0 if isinstance(rule.each, str) and not rule.each else len(listed(rule.each))
        own = Compiler(places if csv else Paths(mapping.missing, depth), habits, found)
        if csv and depth:
            found.append(Problem(("events", place, "each"), "goes with JSON: a CSV row holds no lists"))
        rules.append(_ready(mapping, rule, names[place], own, shared, vendor, ("events", place)))
    if not mapping.events:
        found.append(Problem(("events",), "is empty: write at least one event that a row becomes"))
    return Plan(
        rules=tuple(rules),
        ticket=top.term(mapping.ticket, _TEXT, ("ticket",)),
        holds=conditions.holds(top, mapping.when, ("when",)),
        order=tuple(top.order(value, ("order", place)) for place, value in enumerate(mapping.order)),
        source=mapping.source or f"/{vendor}/table",
        hashed=mapping.id is None or "@hash" in str(mapping),
        read=places.read,
    )


def _habits(mapping: Mapping, found: list[Problem]) -> Habits:
    """What holds for every value that says nothing else; what cannot be used is told once, here."""
    formats, zone = listed(mapping.time_format), mapping.zone
    try:
        kinds.times(Habits(zone=zone))
    except ValueError as error:
        found.append(Problem(("zone",), str(error)))
        zone = "UTC"
    try:
        kinds.times(Habits(formats=formats, zone="UTC"))
    except ValueError as error:
        found.append(Problem(("time_format",), str(error)))
        formats = ("iso",)
    return Habits(mapping.decimal, formats, zone)


def _ready(
    mapping: Mapping, rule: Rule, name: str, own: Compiler, shared: dict[str, Compiled], vendor: str, path: Path
) -> Ready:
    heads = {
        "time": _own(own, rule.time, _TIME, shared, (*path, "time")),
        "recorded": _own(own, rule.recorded, _TIME, shared, (*path, "recorded")),
        "sequence": _own(own, rule.sequence, _TEXT, shared, (*path, "sequence")),
    }
    if (mapping.time if isinstance(rule.time, UnsetType) else rule.time) is None:
        own.problem((*path, "time"), "is missing: say here or at the top when it happened")
    whole = rule.id is not None
    data = get_type_hints(TYPES[rule.type])["data"]
    return Ready(
        name=name,
        type=rule.type,
        holds=conditions.holds(own, rule.when, (*path, "when")),
        each=_lists(rule, own, path),
        id=own.term(rule.id, _TEXT, (*path, "id")) if whole else shared["id"],
        whole_id=whole,
        fields=tuple(_fields(mapping, rule, data, own, path)),
        vendor=vendor,
        first_party=issubclass(data, CustomerData),
        **heads,
    )


def _own(
    own: Compiler, value: Value | UnsetType, kind: inspect.Type, shared: dict[str, Compiled], path: Path
) -> Compiled:
    return shared[str(path[-1])] if isinstance(value, UnsetType) else own.term(value, kind, path)


def _lists(rule: Rule, own: Compiler, path: Path) -> tuple[tuple[str | int, ...], ...]:
    try:
        return tuple(steps_of(one.lstrip(".")) for one in listed(rule.each))
    except ValueError as error:
        own.problem((*path, "each"), str(error))
        return ()


def _fields(mapping: Mapping, rule: Rule, data: type, own: Compiler, path: Path) -> Iterator[Field]:
    known = {field.encode_name: field for field in inspect.type_info(data).fields}  # type: ignore[attr-defined]
    doer = known.pop("actor", None)
    known.pop("vendor")
    for name in rule.data.keys() - known.keys():
        words = {"vendor": "is the contract's", "actor": "stands beside data, as actor: {kind: ..., id: ...}"}.get(name)
        own.problem((*path, "data", name), words or f"{rule.type} has no such field; {among(name, known)}")
    # the rule's own first: most often they say that there is no event, and the others need not be read
    for name in sorted(known, key=lambda name: name not in rule.data):
        field = known[name]
        top = {"ticket": mapping.ticket, "customer": mapping.customer}.get(name)
        place: Path = (*path, "data", name) if name in rule.data else (name,)
        value = rule.data.get(name, top)
        nullable = isinstance(field.type, inspect.UnionType) and field.type.includes_none
        if value is None and field.required and not nullable:
            own.problem((*path, "data", name), f"is missing: {rule.type} needs it")
        elif value is not None or field.required:
            term = own.term(value, field.type, place)
            yield Field(name, term.get, term.label, field.required, nullable)
    who = rule.actor or mapping.actor
    if doer is not None and who is not None:
        place = (*path, "actor") if rule.actor is not None else ("actor",)
        yield Field("actor", *_actor(who, doer, own, place), required=False, nullable=False)
    elif rule.actor is not None:
        own.problem((*path, "actor"), f"{rule.type} says nothing of who did it")


def _actor(who: Doer, field: inspect.Field, own: Compiler, path: Path) -> tuple[Get, str]:
    parts = {part.encode_name: part.type for part in field.type.fields}  # type: ignore[attr-defined]
    kind, name = own.term(who.kind, parts["kind"], (*path, "kind")), own.term(who.id, parts["id"], (*path, "id"))

    def get(here: Here) -> dict[str, str]:
        said = {"kind": kind.get(here), "id": name.get(here)}
        return {key: value for key, value in said.items() if value is not None and value is not NOTHING}

    return get, " and ".join(filter(None, (kind.label, name.label)))


def _names(rules: tuple[Rule, ...], found: list[Problem]) -> list[str]:
    """Each rule's name: its own, else its type and the how-manieth of that type it is."""
    names: list[str] = []
    for place, rule in enumerate(rules):
        same = sum(one.type == rule.type and one.name is None for one in rules[:place])
        name = rule.name or (rule.type if same == 0 else f"{rule.type}.{same + 1}")
        if name in names:
            found.append(
                Problem(("events", place, "name"), f"{name!r} is another rule's name: write a name of its own")
            )
        names.append(name)
    return names


def _alone(when: When, found: list[Problem]) -> None:
    """The condition at the top is asked before a row's ticket is known."""
    for one in when if isinstance(when, tuple) else (when,):
        if isinstance(one, Condition):
            if one.of != "row" or one.changed is not None or one.row is not None:
                words = "is asked of a row alone: of, changed and row go into the rules' when"
                found.append(Problem(("when",), words))
            _alone(one.any, found)
