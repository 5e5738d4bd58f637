"""What a request asks for, read from its query: filters and places in the list. What cannot be meant is an error page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeVar, get_args
from urllib.parse import urlencode

from aiohttp import web

from undertow.domain.judging.disputes import STATES
from undertow.domain.measuring.comparison import DISCORDANT
from undertow.domain.patterns import CATALOG
from undertow.metrics.labels import CAUSE_NAMES, MEASURES
from undertow.portal import words
from undertow.portal.scope import Filter, Place

KINDS: Final = ("verdict", "pattern")
NAMES: Final = (*MEASURES, *CATALOG)
ID: Final = re.compile(r"[0-9a-f]{16}")
"""A finding's, and a statement's."""
_PLACE: Final = re.compile(r"(?P<day>-?[0-9]{1,7})\.(?P<rank>[01])\.(?P<id>[0-9a-f]{16})")
_CLOSED: Final = {"kind": KINDS, "name": NAMES, "verdict": DISCORDANT, "cause": CAUSE_NAMES, "state": ("none", *STATES)}
_ANY: Final = ("vendor", "ticket")
MOST: Final = 256
W = TypeVar("W", bound=str)


def wanted(query: Mapping[str, str]) -> Filter:
    """The filter a query asks for. Raises 400 for a word that is none."""
    said = {key: query.get(key, "").strip() for key in (*_CLOSED, *_ANY)}
    for key, known in _CLOSED.items():
        if said[key] and said[key] not in known:
            raise web.HTTPBadRequest(text=f"{key}: there is no such word")
    if any(len(said[key]) > MOST for key in _ANY):
        raise web.HTTPBadRequest(text="that is longer than any name")
    return Filter(**said, first=_day(query, "first"), last=_day(query, "last"))


def place(query: Mapping[str, str]) -> Place | None:
    """After which finding the page begins. Raises 400 for what is none."""
    said = query.get("after", "")
    if not said:
        return None
    found = _PLACE.fullmatch(said)
    if found is None:
        raise web.HTTPBadRequest(text="after: there is no such place")
    return Place(int(found["day"]), int(found["rank"]), found["id"])


def query(of: Filter, after: Place | None = None) -> str:
    """The query that asks for it, without the question mark."""
    said = {key: getattr(of, key) for key in (*_CLOSED, *_ANY)}
    said |= {key: words.day(day) for key in ("first", "last") if (day := getattr(of, key)) is not None}
    if after is not None:
        said["after"] = f"{after.day}.{after.rank}.{after.id}"
    return urlencode({key: value for key, value in said.items() if value})


def one_of(said: object, kind: object) -> str:
    """A form's word, of a ``Literal``. Raises 400 for another."""
    if not isinstance(said, str) or said not in get_args(kind):
        raise web.HTTPBadRequest(text="this is no answer that can be given")
    return said


def _day(query: Mapping[str, str], key: str) -> int | None:
    said = query.get(key, "").strip()
    try:
        return words.day_number(said) if said else None
    except ValueError:
        raise web.HTTPBadRequest(text=f"{key}: write a day as 2026-10-31") from None
