"""Which room may import what: the domain decides and touches nothing, only the agents know Faust."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import undertow

ROOT = Path(undertow.__file__).parent
PURE = {
    "__future__",
    "bisect",
    "collections",
    "enum",
    "functools",
    "hashlib",
    "heapq",
    "zlib",
    "itertools",
    "math",
    "operator",
    "statistics",
    "struct",
    "typing",
}
"""The standard library's part that neither reads a clock nor touches the world. ``random`` and ``datetime.now`` do."""
FAUST = {"faust", "mode", "aiokafka"}
CLIENTS = FAUST | {"kafka", "prometheus_client"}
WORLD = CLIENTS | {"asyncio", "io", "os", "pathlib", "random", "socket", "subprocess", "threading", "time", "urllib"}


def imported(path: Path) -> Iterator[str]:
    """Every module a file imports, at the top or inside a function, by its absolute name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            yield node.module or ""
            if node.module == "undertow":
                yield from (f"undertow.{name.name}" for name in node.names)


def edges(path: Path) -> Iterator[Path]:
    """The files of ours that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None and top(node.module) == "undertow":
            home = ROOT.joinpath(*node.module.split(".")[1:])
            for name in node.names:  # a module, or a name of one
                inside, itself = home / name.name, home.with_suffix(".py")
                found = (inside.with_suffix(".py"), inside / "__init__.py", itself, home / "__init__.py")
                yield next(one for one in found if one.is_file())


def modules(room: str) -> list[Path]:
    found = sorted((ROOT / room).rglob("*.py"))
    assert found, room
    return found


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def top(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


@pytest.mark.parametrize("path", modules("domain"), ids=named)
def test_the_domain_imports_only_what_is_pure(path):
    """Promise: no Kafka, no Faust, no metrics, no file, no clock: a figure is a function of state and a given time."""
    for module in imported(path):
        own = module in {"undertow", "undertow.events", "undertow.zones"} or module.startswith("undertow.domain")
        assert own or top(module) in PURE | {"msgspec"}, f"{named(path)} imports {module}"


ORDER = (
    "statistics",
    "agreement",
    "counting",
    "verdicts.py",
    "customers",
    "tickets",
    "measuring",
    "patterns",
    "judging",
    "figures",
    "statements",
    "standing.py",
)
"""The domain's rooms: each may import those before it."""


@pytest.mark.parametrize("path", modules("domain"), ids=named)
def test_the_domain_is_built_in_one_direction(path):
    """Promise: a ticket is understood without figures, a figure without statements: nothing imports what is made of it."""
    room = path.relative_to(ROOT / "domain").parts[0]
    if room == "__init__.py":
        return
    allowed = set(ORDER[: ORDER.index(room) + 1]) - ({"customers"} if room != "customers" else set())
    for module in imported(path):
        if module.startswith("undertow.domain."):
            name = module.split(".")[2]
            assert name in allowed or f"{name}.py" in allowed, f"{named(path)} imports {module}"


@pytest.mark.parametrize("path", [ROOT / "events.py"], ids=named)
def test_what_the_domain_builds_on_is_pure_too(path):
    """Promise: the domain is not impure by way of the event types."""
    assert {top(module) for module in imported(path)} <= PURE | {"datetime", "msgspec"}


@pytest.mark.parametrize("path", modules("stages"), ids=named)
def test_the_stages_know_no_broker_and_no_clock(path):
    """Promise: agents and replay call the same stages, so these know neither."""
    for module in imported(path):
        assert top(module) not in WORLD, f"{named(path)} imports {module}"
        assert not module.startswith(("undertow.agents", "undertow.metrics", "undertow.cli", "undertow.clients"))


def test_no_module_is_imported_by_what_it_imports():
    """Promise: every module can be read after those that it builds on; imports inside functions count, too."""
    graph = {path: [one for one in edges(path) if one.name != "__init__.py"] for path in modules(".")}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("path", modules("."), ids=named)
def test_only_the_agents_import_faust(path):
    """Promise: an engine can be read, tested and replaced in one room."""
    if named(path).startswith("agents/"):
        return
    for module in imported(path):
        assert top(module) not in FAUST, f"{named(path)} imports {module}"
