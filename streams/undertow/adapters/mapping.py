"""The words of a declarative mapping: how rows of a CSV or JSON feed become events, without code.

One rule holds everywhere: **text is itself, and what stands in braces is read from the row**. ``solved`` is the word
solved, ``"{Case ID}"`` the column (CSV) or the path (JSON: ``{a.b[0]["odd key"]}``) of that name, ``"{a}/{b}"`` both with a
slash between (missing when one is). ``{{`` is a brace. What the row's own place says has an at sign: ``{@row}`` its number in
the file, ``{@place}`` among the rows of its ticket, ``{@hash}`` of its content, ``{@item}`` the element's number in ``each``.
:mod:`undertow.adapters.table` applies what is written here.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Keys
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

import yaml
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec import field as a_field  # fields of these structs are called field

from undertow.adapters.message import Unreadable
from undertow.adapters.shape import Problem, checked, converted
from undertow.events import DisputeEvent, Event

MAX_NODES: Final = 100_000
"""Values of a mapping's file, aliases written out: no mapping is near this size."""
TYPES: Final[dict[str, type[Any]]] = {
    str(kind.__struct_config__.tag).removeprefix("undertow."): kind
    for kind in get_args(Event)
    if kind not in get_args(DisputeEvent)
}
"""Event types by the name a mapping uses: ``ticket.opened``. Answers to findings are no part of a help desk's feed."""

Scalar = str | int | float | bool | None
EventType = Annotated[str, Meta(extra_json_schema={"enum": sorted(TYPES)})]


class Term(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a value comes from, in the long form; the steps happen in the order of the fields."""

    field: str | tuple[str, ...] | None = None
    """A column or path, without braces; of several the first that has a value."""
    text: str | None = None
    """Instead of ``field``: text with braces."""
    of: Literal["row", "first", "last", "previous"] = "row"
    """Whose ``field``: this row's, or that of the first, last or nearest earlier row of the ticket that has one."""
    extract: str | None = None
    """A regular expression; the value is its first group, or what it matches. No match fails the row."""
    map: dict[str, Scalar] | None = None
    """Value to value. Null says there is nothing to say: an optional value is left out, an event that needs it does not happen.
    ``"*"`` stands for every other value; without it another value fails the row. Text may hold braces again."""
    default: Scalar = None
    """Where nothing is in the row."""
    times: float | None = None
    """A number is multiplied by this: 60 makes seconds of minutes."""
    format: str | tuple[str, ...] | None = None
    """Of a time: ``iso``, ``epoch_s``, ``epoch_ms``, or Python's strptime letters; of several the first that fits."""
    zone: str | None = None
    """Of a time that says no offset: an IANA name."""


Value = Term | Scalar


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """True when everything said in it is. ``field`` as in :class:`Term`; values are compared as text."""

    field: str | tuple[str, ...] | None = None
    text: str | None = None
    of: Literal["row", "first", "last", "previous"] = "row"
    is_: str | int | float | tuple[str | int | float, ...] | UnsetType = a_field(default=UNSET, name="is")
    """The value, or one of several."""
    not_: str | int | float | tuple[str | int | float, ...] | UnsetType = a_field(default=UNSET, name="not")
    """Any other value, or none."""
    matches: str | None = None
    """A regular expression that matches somewhere in the value."""
    present: bool | None = None
    changed: bool | None = None
    """It has a value, another one than the nearest earlier row of the ticket that has one; a first value is a change."""
    row: Literal["first", "later", "last"] | None = None
    """Which of its ticket's rows this one is."""
    any: tuple[Condition, ...] = ()
    """At least one of these holds."""


When = Condition | tuple[Condition, ...]
"""All of several hold."""


class Doer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who did it."""

    kind: Value = "unknown"
    id: Value = None


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event that a row can become. A row becomes every event whose ``when`` holds, in the order of the rules."""

    type: EventType
    name: str | None = None
    """Part of the event's id; needed only to keep ids when rules of one type are put in another order."""
    when: When = ()
    each: str | tuple[str, ...] = ()
    """A JSON path to a list: one event for each element, whose paths begin with a dot (``{.created}``). Two paths for a list
    within a list: ``{.x}`` is then the inner element's, ``{..x}`` the outer one's."""
    time: Value | UnsetType = UNSET
    recorded: Value | UnsetType = UNSET
    sequence: Value | UnsetType = UNSET
    actor: Doer | None = None
    id: str | None = None
    """The whole id, unique within the feed; otherwise that of the row and the rule's name."""
    data: dict[str, Value] = {}


class File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the bytes become rows."""

    format: Literal["csv", "jsonl", "json"]
    """``jsonl``: a JSON value a line; ``json``: one document."""
    compression: Literal["auto", "none", "gzip", "bzip2", "xz", "zstd"] = "auto"
    """``auto``: by the name's ending (.gz, .bz2, .xz, .zst)."""
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    """Around a value that holds the delimiter or a line break; empty: there is none."""
    columns: tuple[str, ...] = ()
    """Names of the columns of a CSV file that does not name them itself."""
    skip_lines: Annotated[int, Meta(ge=0)] = 0
    """Lines before the names of the columns."""
    rows: str | None = None
    """Path to the list of rows within a JSON document that is not a list itself."""


class Mapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole mapping. What stands at the top holds for every event, unless a rule says otherwise."""

    file: File
    events: tuple[Rule, ...]
    ticket: Value = None
    """Also what groups rows: those of one ticket are its history, in the order of the file or of ``order``."""
    customer: Value = None
    time: Value = None
    """When it happened."""
    recorded: Value = None
    """When the source wrote it down, if the feed says so."""
    actor: Doer | None = None
    vendor: str | None = None
    """The contract's name of the vendor, where the command does not say it."""
    source: str | None = None
    """The events' source  [default: ``/VENDOR/table``]."""
    id: str | None = None
    """What makes a row unique and stays the same in a later export; without it a hash of the row's content. A rule's name is
    added, so that a row can become several events."""
    sequence: Value = None
    """The feed's own order among events of one time; without it events of a ticket at the same time are numbered as they come."""
    order: tuple[Value, ...] = ()
    """What orders the rows of a ticket; numbers as numbers."""
    forward: bool = False
    """A row stamped before the row it follows happened when that one did: for logs whose order is surer than their clock."""
    when: When = ()
    """Rows for which it does not hold are not read at all."""
    missing: tuple[str, ...] = ("",)
    """Values that mean there is none, such as ``?`` or ``n/a``. Blanks around a value never count."""
    decimal: Literal[".", ","] = "."
    zone: str | None = None
    """Of times that say no offset."""
    time_format: str | tuple[str, ...] = "iso"


class BadMapping(Unreadable):
    """A mapping cannot be used. ``problems`` name each key and what to write; the text names all of them."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{name}: {problem}" for problem in self.problems))


def shaped(raw: object) -> tuple[Mapping, list[Problem]]:
    """Raw YAML or JSON as a mapping, and every word in it that is wrong; its sense is not looked at."""
    found: list[Problem] = []
    if not isinstance(raw, Keys):
        raw = {}
        found.append(Problem((), "expected keys and values: at least file, ticket, customer, time and events"))
    return converted(checked(dict(raw), Mapping, found), Mapping), found


def load(path: Path) -> object:
    """The raw mapping of a YAML or JSON file, or of the one feed with a ``mapping`` in a contract. Raises :class:`BadMapping`."""
    try:
        text = path.read_text(encoding="utf-8")
        _bounded(yaml.compose(text, Loader=yaml.SafeLoader))
        raw = yaml.load(text, _Strict)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError as error:
        raise BadMapping(path.name, [Problem((), f"is no text in UTF-8: {error}")]) from None
    except (yaml.YAMLError, RecursionError) as error:
        words = "is neither YAML nor JSON"
        if isinstance(error, yaml.parser.ParserError):
            words += ' (text with braces needs quotes, "{a}-{b}")'
        raise BadMapping(path.name, [Problem((), f"{words}: {error}")]) from None
    if not isinstance(raw, dict) or "feeds" not in raw:
        return raw
    feeds = raw["feeds"] if isinstance(raw["feeds"], list) else []
    own = [feed["mapping"] for feed in feeds if isinstance(feed, dict) and "mapping" in feed]
    if len(own) != 1:
        words = f"the contract has {len(own)} feeds with a mapping: give one, or the mapping in a file of its own"
        raise BadMapping(path.name, [Problem(("feeds",), words)])
    return {"vendor": raw.get("vendor"), **own[0]} if isinstance(own[0], dict) else own[0]


def _bounded(root: yaml.Node | None) -> None:
    """Raises for what aliases of aliases make larger than any mapping is."""
    waiting, seen = [root] if root is not None else [], 0
    while waiting:
        node, seen = waiting.pop(), seen + 1
        if seen > MAX_NODES:
            raise yaml.YAMLError(f"more than {MAX_NODES:,} values: do aliases repeat each other?")
        if isinstance(node, yaml.MappingNode):
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value


class _Strict(yaml.SafeLoader):
    """Refuses a key that stands twice: the first would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: list[object] = []
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:merge":
                name = self.construct_object(key, deep=True)
                if name in seen:
                    raise yaml.MarkedYAMLError(problem=f"the key {name!r} stands twice", problem_mark=key.start_mark)
                seen.append(name)
        return super().construct_mapping(node, deep)
