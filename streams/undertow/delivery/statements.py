"""Statements off ``undertow.statements``, and the documents they become for each kind of receiver."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from textwrap import fill
from typing import Final

import msgspec
from msgspec import Struct

from undertow.clients import KafkaUnavailable
from undertow.delivery.items import SUMMARY, Document, Issued
from undertow.delivery.sending import NotSent
from undertow.domain.agreement.delivery import Kind
from undertow.domain.statements.statement import decode
from undertow.reports.forms import CONTENT_TYPES, Format, file_name
from undertow.reports.glance import glance

FORMS: Final[Mapping[Kind, tuple[Format, ...]]] = {"kafka": ("json",), "webhook": ("json",), "email": ("html", "csv")}
"""What each kind of receiver gets."""
Rendered = Callable[[bytes, Format], bytes]
"""A statement as it stands on the topic, and a form's name, to the file's content."""


class _Head(Struct):
    """Of a statement what delivery needs to know."""

    vendor: str
    number: int | None
    period: str
    first_day: int
    last_day: int
    hash: str


_head: Final = msgspec.json.Decoder(_Head).decode


def issued(values: Iterable[bytes | None]) -> dict[Issued, bytes]:
    """The statements that were issued, with their records; of a number that stands there twice the last. Others' are left out."""
    found: dict[tuple[str, int], tuple[Issued, bytes]] = {}
    for value in values:
        if value is None:
            continue
        try:
            head = _head(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if head.number is not None:
            one = Issued(
                vendor=head.vendor,
                period=head.period,
                first_day=head.first_day,
                last_day=head.last_day,
                number=head.number,
                content=head.hash,
            )
            found[one.vendor, one.number] = one, value
    return dict(found.values())


class Press:
    """Renders statements for receivers."""

    def __init__(self, records: Mapping[Issued, bytes], rendered: Rendered) -> None:
        self._records, self._rendered = records, rendered

    def __call__(self, one: Issued, kind: Kind) -> tuple[Document, ...]:
        """The documents for a kind of receiver. Raises :class:`NotSent` where one cannot be made."""
        try:
            return (
                *_summary(self._records[one], kind),
                *(
                    Document(
                        file_name(one.vendor, one.period, form),
                        CONTENT_TYPES[form],
                        self._rendered(self._records[one], form),
                    )
                    for form in FORMS[kind]
                ),
            )
        except (
            ValueError,
            KeyError,
            OSError,
            KafkaUnavailable,
            msgspec.MsgspecError,
        ) as error:  # one must not stop the others
            raise NotSent(f"it cannot be rendered: {type(error).__name__} {error}") from None


def _summary(record: bytes, kind: Kind) -> Iterator[Document]:
    """What a mail says in its own text: who opens no attachment reads the gap all the same."""
    if kind == "email":
        lines = "".join(f"{fill(one, 116)}\n\n" for one in glance(decode(record)))
        yield Document(SUMMARY, "text/plain; charset=utf-8", lines.encode())
