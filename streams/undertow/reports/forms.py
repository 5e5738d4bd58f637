"""A statement in a form that people and programs read: HTML, CSV, JSON, PDF. Equal input gives equal bytes, but for PDF."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from typing import BinaryIO, Final, Literal, get_args

from jinja2 import Environment, PackageLoader, StrictUndefined

from undertow.domain.judging.findings import Finding
from undertow.domain.statements.statement import PeriodStatement
from undertow.reports.packed import Packed
from undertow.reports.pseudonyms import Pseudonyms, pseudonyms
from undertow.reports.rows import write_csv, write_json
from undertow.reports.view import page
from undertow.stages.rereading.dossier import Dossiers

Format = Literal["html", "csv", "json", "pdf"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
CONTENT_TYPES: Final[dict[str, str]] = {
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
}


DRAWN: Final[frozenset[str]] = frozenset({"html", "pdf"})
"""Forms that show single tickets, and so take what was told of them."""


class NoPdf(Exception):
    """PDF cannot be made here; the message says what to install."""


def file_name(vendor: str, period: str, form: Format) -> str:
    """What a file is called: plain ASCII, whatever the vendor is called."""
    said = f"{vendor}-{period}"
    return (
        "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-._") else "_" for sign in said)[:120]
        + f".{form}"
    )


def policy(html: bytes) -> str:
    """The Content-Security-Policy of a page of :func:`render`: its own style sheet by its hash, and nothing else."""
    style = html.partition(b"<style>")[2].partition(b"</style>")[0]  # nothing a vendor wrote stands before it unescaped
    digest = base64.b64encode(sha256(style).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def pdf_can_be_made() -> bool:
    """Whether WeasyPrint is installed; what it draws with may still be missing."""
    try:
        return find_spec("weasyprint") is not None
    except ValueError:  # it was looked for before, and is not there
        return False


def render(
    statement: PeriodStatement,
    findings: Iterable[Finding] | Packed,
    format: Format,
    *,
    names: Pseudonyms | None = None,
    dossiers: Dossiers | None = None,
) -> bytes:
    """A statement and those of ``findings`` that belong to it as a file's content; see :func:`write`."""
    out = io.BytesIO()
    write(out, statement, findings, format, names=names, dossiers=dossiers)
    return out.getvalue()


def write(
    out: BinaryIO,
    statement: PeriodStatement,
    findings: Iterable[Finding] | Packed,
    format: Format,
    *,
    names: Pseudonyms | None = None,
    dossiers: Dossiers | None = None,
) -> None:
    """Write a statement and those of ``findings`` that belong to it (any order; others are left out).

    ``names`` None: the key of the environment. Without ``dossiers`` the page shows no single ticket's course. Raises
    :class:`~undertow.reports.pseudonyms.NoKey`, :class:`NoPdf`, ValueError for another format.
    """
    if format not in FORMATS:
        raise ValueError(f"no form is called {format!r}; there are {', '.join(FORMATS)}")
    known = names if names is not None else pseudonyms()
    own = findings if isinstance(findings, Packed) else Packed(findings, statement)
    if format == "csv":
        write_csv(out, own, known)
    elif format == "json":
        write_json(out, statement, own, known)
    else:
        html = _templates().get_template("statement.html").render(page(statement, own, known, dossiers))
        out.write(_pdf(html) if format == "pdf" else html.encode())


def _pdf(html: str) -> bytes:
    try:
        from weasyprint import HTML  # noqa: PLC0415 - an extra, and slow to import
    except (ImportError, OSError) as error:
        raise NoPdf(
            f"PDF needs WeasyPrint and the libraries it draws with ({error}): pip install 'undertow[pdf]', "
            "or take --format html and print it"
        ) from None
    made: bytes = HTML(string=html, url_fetcher=_nothing).write_pdf()
    return made


def _nothing(url: str, *_: object, **__: object) -> dict[str, object]:
    """A page fetches nothing, whatever stands in it."""
    raise ValueError(f"reports load nothing from outside: {url[:80]}")


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("undertow.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
