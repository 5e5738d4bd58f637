"""What a value from a file becomes: text, a number, true or false, a time, a day. Errors say what stood there."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct, inspect

Convert = Callable[[Any], Any]
"""Raises ``ValueError`` with what is wrong with the value."""
Kind = Literal["text", "number", "whole", "truth", "time", "day"]

_TRUE: Final = frozenset({"true", "yes", "y", "t", "1"})
_FALSE: Final = frozenset({"false", "no", "n", "f", "0"})
_EPOCH: Final = {"epoch_s": 1.0, "epoch_ms": 1000.0}
_CACHED: Final = 65_536
"""Texts whose time is remembered: a log to the minute repeats its times, and strptime is the dearest step of a row."""
LONGEST_TIME: Final = 128
"""Characters of a time: what is remembered must not become as large as somebody's values."""


class Habits(Struct, frozen=True):
    """How a feed writes numbers and times."""

    decimal: str = "."
    formats: tuple[str, ...] = ("iso",)
    zone: str | None = None


def kind_of(field: inspect.Type) -> Kind:
    """The kind of a field of our events."""
    options = field.types if isinstance(field, inspect.UnionType) else (field,)
    for option in options:
        plain = option.type if isinstance(option, inspect.Metadata) else option
        for name, types in _KINDS.items():
            if isinstance(plain, types):
                return name
    raise TypeError(f"no kind for {field}")  # pragma: no cover - a new type in events.py needs a word here


_KINDS: Final[dict[Kind, tuple[type, ...]]] = {
    "text": (inspect.StrType, inspect.LiteralType),
    "truth": (inspect.BoolType,),
    "whole": (inspect.IntType,),
    "number": (inspect.FloatType,),
    "time": (inspect.DateTimeType,),
    "day": (inspect.DateType,),
}


def choices(field: inspect.Type) -> tuple[str, ...]:
    """The words a field allows; empty: any."""
    options = field.types if isinstance(field, inspect.UnionType) else (field,)
    return tuple(str(word) for option in options if isinstance(option, inspect.LiteralType) for word in option.values)


def converter(kind: Kind, habits: Habits) -> Convert:
    """The way from a raw value to a kind. Raises ``ValueError`` for a format or zone that cannot be used."""
    if kind == "time":
        return times(habits)
    if kind == "day":
        return days(habits)
    if kind == "number":
        return lambda value: number(value, habits.decimal)
    if kind == "whole":
        return lambda value: whole(value, habits.decimal)
    return truth if kind == "truth" else text


def text(value: object) -> str:
    """As text: numbers without a needless fraction, ``true`` and ``false``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    raise ValueError(f"is {'a list' if isinstance(value, list) else 'an object'}: name a value inside it")


def number(value: object, decimal: str = ".") -> float:
    """As a finite number. Where the comma is the decimal sign, points group thousands."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError:  # JSON's whole numbers have no end
            found = math.inf
    else:
        said = text(value)
        plain = said.replace(".", "").replace(",", ".") if decimal == "," else said
        try:
            found = math.nan if "_" in plain else float(plain)
        except ValueError:
            found = math.nan
    if not math.isfinite(found):
        raise ValueError(f"{value!r} is no number")
    return found


def whole(value: object, decimal: str = ".") -> int:
    """As a whole number."""
    found = number(value, decimal)
    if not found.is_integer():
        raise ValueError(f"{value!r} is no whole number")
    return int(found)


def truth(value: object) -> bool:
    """As true or false: also yes, no, y, n, t, f, 1 and 0."""
    said = text(value).lower()
    if said in _TRUE:
        return True
    if said in _FALSE:
        return False
    raise ValueError(f"{value!r} is neither true nor false: add a map")


def times(habits: Habits) -> Convert:
    """As a moment with an offset."""
    zone = _zone(habits.zone)
    for form in habits.formats:
        _check_format(form, needs_zone=zone is None)
    said = " or ".join(habits.formats)
    readers = tuple(map(_reader, habits.formats))

    @lru_cache(maxsize=_CACHED)
    def one(value: str | float) -> datetime:
        for reader in readers:
            found = reader(value)
            if found is not None and (found.tzinfo or zone) is not None:
                return found if found.tzinfo else found.replace(tzinfo=zone)
            if found is not None:
                raise ValueError(f"{value!r} says no offset: add zone, such as zone: Europe/Rome or zone: UTC")
        raise ValueError(f"{value!r} is no time as {said}")

    def convert(value: object) -> datetime:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return one(value)
        said = text(value)
        if len(said) > LONGEST_TIME:
            raise ValueError(f"{said[:LONGEST_TIME]!r} and {len(said) - LONGEST_TIME:,} characters more are no time")
        return one(said)

    return convert


def days(habits: Habits) -> Convert:
    """As a day: the date as written, whatever the time beside it."""
    for form in habits.formats:
        _check_format(form, needs_zone=False)
    readers = tuple(map(_reader, habits.formats))

    def convert(value: object) -> date:
        for reader in readers:
            found = reader(text(value))
            if found is not None:
                return found.date()
        raise ValueError(f"{value!r} is no day as {' or '.join(habits.formats)}")

    return convert


def _reader(form: str) -> Callable[[str | float], datetime | None]:
    """Reads a value written like ``form``; None where it is not."""
    read = _read_epoch if form in _EPOCH else _read_text
    digits = _digits(form)

    def reader(value: str | float) -> datetime | None:
        try:
            return read(value, form, digits)
        except (ValueError, OverflowError, OSError):
            return None

    return reader


def _read_epoch(value: str | float, form: str, _digits: object) -> datetime:
    return datetime.fromtimestamp(number(value) / _EPOCH[form], UTC)


def _read_text(value: str | float, form: str, digits: re.Pattern[str] | None) -> datetime | None:
    if not isinstance(value, str):
        return None
    if form == "iso":
        return datetime.fromisoformat(value)
    if digits is None:
        return datetime.strptime(value, form)  # noqa: DTZ007 - the caller adds the zone
    match = digits.fullmatch(value)
    if match is None:
        return None
    parts = match.groupdict("0")
    fraction = int(parts.get("f", "0").ljust(6, "0"))
    day = int(parts["Y"]), int(parts["m"]), int(parts["d"])
    return datetime(*day, int(parts.get("H", 0)), int(parts.get("M", 0)), int(parts.get("S", 0)), fraction)  # noqa: DTZ001


def _digits(form: str) -> re.Pattern[str] | None:
    """The pattern of a format of digits with something between them, None for any other: strptime takes four times as long."""
    literals = re.split(r"%[A-Za-z]", form)
    letters = re.findall(r"%([A-Za-z])", form)
    if sorted(letters) != sorted(set(letters)) or not {"Y", "m", "d"} <= set(letters) <= set("YmdHMSf"):
        return None
    if not all(literals[1:-1]) or "%" in "".join(literals):
        return None
    pattern = "".join(
        re.sub(r"(\\?\s)+", r"\\s+", re.escape(literal))
        + (rf"(?P<{letter}>\d{{{_WIDTH.get(letter, '1,2')}}})" if letter else "")
        for literal, letter in zip(literals, [*letters, ""], strict=True)
    )
    return re.compile(pattern, re.ASCII | re.IGNORECASE)


_WIDTH: Final = {"Y": "4", "f": "1,6"}


def _check_format(form: str, *, needs_zone: bool) -> None:
    if form == "iso" or form in _EPOCH:
        return
    if "%" not in form:
        raise ValueError(
            f"{form!r} is no format: write iso, epoch_s, epoch_ms or strptime letters such as %d/%m/%Y %H:%M"
        )
    moment = datetime(2001, 12, 31, 13, 45, 59, 987_000, tzinfo=UTC)
    try:
        back = datetime.strptime(moment.strftime(form), form)  # noqa: DTZ007 - only whether it can be read
    except ValueError as error:
        raise ValueError(f"{form!r} is no format of strptime: {error}") from None
    if (back.year, back.month, back.day) != (2001, 12, 31):
        raise ValueError(f"{form!r} leaves out the year, month or day")
    if needs_zone and back.tzinfo is None:
        raise ValueError(f"times written as {form!r} say no offset: add zone, such as zone: Europe/Rome or zone: UTC")


@lru_cache(maxsize=64)
def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return None if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones, such as Europe
        raise ValueError(f"{name!r} is no time zone: write an IANA name such as Europe/Rome, or UTC") from None
