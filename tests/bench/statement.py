"""A statement of 100,000 findings: CPU and memory of reading them off their records and writing each form but PDF.

By hand: ``python -m tests.bench.statement [FINDINGS]``. Asked: below 10 s of CPU and 300 MB. Each form is made by a process
of its own, as ``undertow report`` makes it, from records like those of ``undertow.findings``.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from undertow.domain.agreement.contract import Contract, Target
from undertow.domain.agreement.periods import Known, holding
from undertow.domain.counting.cells import Cell, CellKey, Counts, Tally
from undertow.domain.judging.findings import Evidence, Finding
from undertow.domain.patterns.accusations import Cases
from undertow.domain.statements.drawn_up import Basis, draw_up
from undertow.domain.statements.selection import chosen
from undertow.domain.statements.statement import PeriodStatement
from undertow.reports.forms import render, write
from undertow.reports.packed import Packed
from undertow.reports.pseudonyms import Pseudonyms
from undertow.stages.records import encode_finding
from undertow.stages.rereading.dossier import dossiers, findings_in

JANUARY = holding("month", 20_460)
ACME = Contract(vendor="acme", targets={"first_response": (Target(3600.0),)})
EVENTS = 10
"""Events of evidence a finding names."""


def finding(number: int) -> Finding:
    """One of a big vendor's."""
    over = number % 7 > 0
    where = [
        Evidence("/acme/desk", f"acme-{number:07}-{n}", "vendor.tickets", n % 4, number * 10 + n) for n in range(EVENTS)
    ]
    return Finding(
        kind="verdict",
        name=("sla", "first_response")[number % 2],
        vendor="acme",
        ticket=f"INC{number:07}",
        customer=f"customer {number % 30_000}",
        day=JANUARY.first + number % 31,
        contract=ACME.version,
        verdict="over_reported" if over else "under_reported",
        cause=("clock", "pauses", "actor", "unexplained")[number % 4],
        claimed_met=over,
        claimed=60.0 + number % 100,
        actual_met=not over,
        actual=4000.0 + number % 9000,
        target=3600.0,
        evidence=tuple(where),
    )


def statement(n: int) -> PeriodStatement:
    """Of as many tickets."""
    counts = Counts(opened=n, solved=n, mature=n, claimed=n, reported_met=n)
    day = n // 31
    tallies = {Tally("verdict", "sla", "over_reported"): day, Tally("over_reported", "sla", "clock"): day}
    cells = {
        CellKey("acme", "all", number): Cell(counts, {}, dict(tallies))
        for number in range(JANUARY.first, JANUARY.last + 1)
    }
    known = Known(JANUARY.last + 40, JANUARY.last + 9, None)
    return draw_up(Basis(ACME, cells, [], known, Cases(), ()), JANUARY, 1, ())


def records(file: Path) -> Iterator[tuple[bytes, bytes]]:
    """Key and value, one a line, as a topic gives them."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines):
            yield b"%d" % number, line.rstrip()


def measure(file: Path, n: int, form: Any) -> None:
    """Print CPU seconds, the highest memory in MB, and the size written in MB."""
    one = statement(n)
    begun = time.process_time()
    own = Packed(findings_in(records(file), "acme"), one)
    assert len(own) == n
    names = Pseudonyms("0123456789abcdef" * 4)
    out = Path(file.parent / f"out.{form}")
    if form == "html":
        out.write_bytes(render(one, own, form, names=names, dossiers=dossiers({}, one, chosen(own), ACME)))
    elif form == "json as bytes":
        out.write_bytes(render(one, own, "json", names=names))
    else:
        with out.open("wb") as to:
            write(to, one, own, form, names=names)
    cpu, peak = time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{form:14} {cpu:7.2f} s CPU {peak:7.0f} MB at most {out.stat().st_size / 1e6:7.1f} MB written")


def cost(n: int) -> float:
    """CPU seconds of packing and all forms of ``n`` findings, in this process: for a ratio of two sizes."""
    values = [(b"%d" % number, encode_finding(finding(number))) for number in range(n)]
    one, names = statement(n), Pseudonyms("0123456789abcdef" * 4)
    begun = time.process_time()
    own = Packed(findings_in(values, "acme"), one)
    for form in ("html", "csv", "json"):
        write(BytesIO(), one, own, form, names=names)  # type: ignore[arg-type]
    return time.process_time() - begun


def main() -> None:
    """The table."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    if len(sys.argv) > 3:
        measure(Path(sys.argv[2]), n, sys.argv[3])
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "findings"
        with file.open("wb") as out:
            out.writelines(encode_finding(finding(number)) + b"\n" for number in range(n))
        print(f"{n:,} findings, {file.stat().st_size / 1e6:.0f} MB as records")
        for form in ("html", "csv", "json", "json as bytes"):
            subprocess.run([sys.executable, "-m", "tests.bench.statement", str(n), str(file), form], check=True)


if __name__ == "__main__":
    main()
