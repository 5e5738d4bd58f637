"""Where the peers live: an environment of its own for each, outside the tree, installed when absent.

Python packages come from the package index by pip, Kafka Streams by Maven; all of it is kept in one folder
(``UNDERTOW_BENCH_CACHE``), which may be deleted at any time.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.results import say

CACHE = Path(os.environ.get("UNDERTOW_BENCH_CACHE") or Path.home() / ".cache" / "undertow-bench")
WITHIN = 1800.0
"""Seconds for one installation: Pathway alone brings more than a gigabyte."""


class Absent(Exception):
    """A peer cannot be installed here; the message says why."""


def python_of(name: str, packages: Sequence[str]) -> Path:
    """The Python of an environment that has these packages. Raises :class:`Absent`."""
    folder = CACHE / "envs" / name
    python = folder / "bin" / "python"
    wanted = " ".join(packages)
    done = folder / "installed"  # written last: an interrupted installation is none
    if done.is_file() and done.read_text() == wanted:
        return python
    say(f"installing {wanted} into {folder} (once)")
    shutil.rmtree(folder, ignore_errors=True)
    _do([sys.executable, "-m", "venv", str(folder)])
    _do([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages])
    done.write_text(wanted)
    return python


def java_classes(project: Path) -> str:
    """The class path of a Maven project with one source tree, its jars fetched and its classes compiled.

    Nothing is written into the project. Raises :class:`Absent`.
    """
    if missing := [tool for tool in ("java", "javac", "mvn") if shutil.which(tool) is None]:
        raise Absent(f"no {' and no '.join(missing)} on PATH")
    folder = CACHE / project.name
    libs, classes, done = folder / "libs", folder / "classes", folder / "installed"
    pom, sources = project / "pom.xml", sorted((project / "src").rglob("*.java"))
    wanted = pom.read_text() + "".join(source.read_text() for source in sources)
    path = os.pathsep.join((f"{libs}/*", str(classes)))
    if done.is_file() and done.read_text() == wanted:
        return path
    say(f"fetching {project.name}'s jars into {folder} (once)")
    shutil.rmtree(folder, ignore_errors=True)
    classes.mkdir(parents=True)
    _do(["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={libs}"])
    _do(["javac", "-cp", f"{libs}/*", "-d", str(classes), *map(str, sources)])
    done.write_text(wanted)
    return path


def _do(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN, check=False)
    except subprocess.TimeoutExpired:
        raise Absent(f"{Path(command[0]).name} took longer than {WITHIN / 60:.0f} minutes") from None
    except OSError as error:
        raise Absent(str(error)) from None
    if done.returncode:
        raise Absent(f"{Path(command[0]).name} could not install it: {brief(done.stderr or done.stdout)}")


def brief(words: str) -> str:
    """The last line of what a tool said, without addresses and paths: it goes into a table that others read."""
    lines = words.strip().splitlines() or ["it said nothing"]
    return re.sub(r"\w+://\S+|(?<!\w)/[^\s:,]+", "…", lines[-1])[:200]
