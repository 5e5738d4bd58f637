"""Public holidays, as the package ``holidays`` knows them, and days as numbers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache
from typing import Final

from undertow.contracts.quantities import Day
from undertow.zones import FIRST_YEAR, LAST_YEAR

_EPOCH: Final = date(1970, 1, 1).toordinal()


def number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def dated(number: int) -> date:
    """The date of a day's number."""
    return date.fromordinal(number + _EPOCH)


def numbers(day: Day) -> Iterator[int]:
    """The day's numbers: one, or one a year that has the day."""
    for year in range(FIRST_YEAR, LAST_YEAR) if day.year is None else (day.year,):
        if (day.month, day.day) != (2, 29) or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)):
            yield number(date(year, day.month, day.day))


@cache
def countries() -> dict[str, tuple[str, ...]]:
    """ISO 3166 code (two letters) of every country that is known, with its subdivisions."""
    from holidays import list_supported_countries  # noqa: PLC0415 - its import costs more than all contracts without it

    return {code: tuple(parts) for code, parts in list_supported_countries(include_aliases=False).items()}


@lru_cache(maxsize=64)
def public(country: str, subdivision: str | None) -> dict[int, str]:
    """Day number to name, for every year a fact can have. Raises ``ValueError`` with what to write for an unknown subdivision."""
    from holidays import country_holidays  # noqa: PLC0415 - as above

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some countries' holidays are known for fewer years; see known_years
        try:
            found = country_holidays(country, subdiv=subdivision, years=range(FIRST_YEAR, LAST_YEAR), language="en_US")
        except NotImplementedError:
            parts = ", ".join(countries()[country]) or "none: leave it out"
            raise ValueError(f"{subdivision!r} is none of {country}'s subdivisions: write one of {parts}") from None
    return {number(day): name for day, name in found.items()}


def known_years(country: str) -> tuple[int, int]:
    """First and last year in which the country's holidays are known, of those a fact can have."""
    from holidays import country_holidays  # noqa: PLC0415 - as above

    known = type(country_holidays(country))
    return max(FIRST_YEAR, known.start_year), min(LAST_YEAR - 1, known.end_year)
