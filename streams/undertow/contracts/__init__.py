"""What was agreed: one YAML file a vendor, read into :class:`undertow.domain.agreement.contract.Contract`.

Durations are written as ``30d``, ``12h``, ``90m`` or ``45s``; the file name does not matter, ``vendor`` does. What a file may
say stands in :mod:`undertow.contracts.document`, and for editors in ``schemas/contract.json``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple, cast

from msgspec import inspect

from undertow.contracts.document import Document
from undertow.contracts.nodes import Keys, tree
from undertow.contracts.problems import BadContract, Problem, Report
from undertow.contracts.quantities import duration, in_words, instant
from undertow.contracts.terms import AGREED, RESERVED, Builder
from undertow.contracts.typed import Filler
from undertow.domain.agreement.contract import Contract

__all__ = [
    "AGREED",
    "RESERVED",
    "BadContract",
    "File",
    "Problem",
    "by_vendor",
    "duration",
    "examined",
    "files",
    "in_words",
    "instant",
    "load",
    "parse",
    "read",
]

_DOCUMENT: Final = cast(inspect.StructType, inspect.type_info(Document))


class File(NamedTuple):
    """A contract and what its file says."""

    name: str
    contract: Contract
    document: Document


def load(folder: Path) -> dict[str, Contract]:
    """All contracts of a folder by vendor. Raises :class:`BadContract` with all problems of all files."""
    found: list[tuple[str, Contract]] = []
    problems: list[tuple[str, Problem]] = []
    for path in files(folder):
        try:
            found.append((path.name, read(path, path.name).contract))
        except BadContract as bad:
            problems += bad.problems
    if problems:
        raise BadContract(*problems)
    return by_vendor(found)


def files(folder: Path) -> list[Path]:
    """The contracts' files in a folder. Raises :class:`BadContract` where there are none."""
    if not folder.is_dir():
        words = f"{folder} is not a folder: put one YAML file a vendor there (at least: 'vendor: acme')"
        raise BadContract(("", Problem(0, "", words)))
    found = sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"})
    if not found:
        words = f"{folder} holds no .yaml file: put one a vendor there (at least: 'vendor: acme')"
        raise BadContract(("", Problem(0, "", words)))
    return found


def read(path: Path, name: str) -> File:
    """The contract of a file that messages call ``name``. Raises :class:`BadContract` with every problem that it has."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadContract((name, Problem(0, "", f"cannot be read: {error.strerror}"))) from None
    except UnicodeDecodeError as error:
        raise BadContract((name, Problem(0, "", f"cannot be read as text in UTF-8: {error}"))) from None
    return examined(text, name)


def by_vendor(named: Iterable[tuple[str, Contract]]) -> dict[str, Contract]:
    """Contracts by vendor. Raises :class:`BadContract` when two name the same, or read one topic differently."""
    found: dict[str, Contract] = {}
    adapters: dict[str, tuple[str, str]] = {}
    problems: list[tuple[str, Problem]] = []
    for name, contract in named:
        if contract.vendor in found:
            words = f"vendor {contract.vendor!r} has a contract in another file already"
            problems.append((name, Problem(0, "", words)))
        found[contract.vendor] = contract
        for feed in contract.feeds:
            other, adapter = adapters.setdefault(feed.topic, (name, feed.adapter))
            if other != name and (adapter, feed.adapter) != ("cloudevents", "cloudevents"):
                words = f"{feed.topic!r} is read by the contract {other}, too: only CloudEvents say whose they are"
                problems.append((name, Problem(0, "feeds", words)))
    if problems:
        raise BadContract(*problems)
    return found


def parse(text: str, name: str) -> Contract:
    """One contract from YAML. Raises :class:`BadContract` with every problem that it has."""
    return examined(text, name).contract


def examined(text: str, name: str) -> File:
    """One contract from YAML, and what was said there. Raises :class:`BadContract` with every problem that it has."""
    report = Report()
    root = tree(text, report)
    if isinstance(root, Keys):
        report.lines[()] = root.line
        filler = Filler(report)
        # without a vendor the rest is checked all the same, so that one look shows everything
        document = filler.struct(root, _DOCUMENT, (), instead={"vendor": "?"})
        report.settle()
        contract = Builder(document, filler).build()
        if not report.problems():
            return File(name, contract, document)
    elif root is not None:
        report.add((), "expected keys and values, such as 'vendor: acme'", root.line)
    raise BadContract(*((name, problem) for problem in report.problems()))
