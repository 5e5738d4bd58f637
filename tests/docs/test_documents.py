"""Documents say what the code does: generated parts are current, named things exist, promised files are there."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from docs import generate
from undertow import contracts, topics
from undertow.metrics.catalog import BY_NAME
from undertow.settings import Settings

ROOT = generate.ROOT


def test_the_generated_parts_of_the_readme_are_current() -> None:
    """Run ``make docs`` when this fails."""
    text = generate.README.read_text(encoding="utf-8")
    assert text == generate.readme(text)


def test_the_schema_of_findings_is_that_of_their_type() -> None:
    """Whoever reads ``undertow.findings`` is told its form. Run ``make docs`` when this fails."""
    assert generate.FINDING.read_text(encoding="utf-8") == generate.finding()


def test_the_schema_of_statements_is_that_of_their_type() -> None:
    """Whoever reads ``undertow.statements`` is told its form. Run ``make docs`` when this fails."""
    assert generate.STATEMENT.read_text(encoding="utf-8") == generate.statement()


def test_the_picture_of_the_table_is_current_and_needs_nothing_from_outside() -> None:
    """The same world gives the same picture; it names no address but the SVG namespace."""
    text = generate.PICTURE.read_text(encoding="utf-8")
    assert text == generate.picture()
    assert set(re.findall(r"https?://[^\"' )]+", text)) <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "ARCHITECTURE.md",
        "dashboards/README.md",
        "schemas/README.md",
        "deploy/README.md",
        "deploy/privacy.md",
    ],
)
def test_every_file_and_metric_that_a_document_names_exists(name: str) -> None:
    """Relative links lead somewhere; every ``undertow_`` name stands in the catalog."""
    text = (ROOT / name).read_text(encoding="utf-8")
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert ((ROOT / name).parent / link).exists(), link
    for metric in re.findall(r"\bundertow_[a-z_]+[a-z]\b", text):
        assert metric in BY_NAME or metric.removesuffix("_total") in BY_NAME, metric


def test_the_packages_of_the_project_file_are_the_packages_of_the_tree() -> None:
    """A package list goes stale unless something compares it."""
    listed = re.findall(r'^  "(undertow[a-z.]*)",$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    source = ROOT / "streams"
    found = {str(path.parent.relative_to(source)).replace("/", ".") for path in source.rglob("__init__.py")}
    assert sorted(listed) == sorted(found | {"undertow.schemas"})


def test_every_file_that_a_package_reads_is_installed_with_it() -> None:
    """Templates and style sheets are no modules: what is not declared as data is missing once installed."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    source = ROOT / "streams"
    for path in (source / "undertow").rglob("*"):
        if path.is_dir() or path.suffix in {".py", ".pyc"}:
            continue
        home = next(parent for parent in path.parents if (parent / "__init__.py").exists())
        patterns = declared.get(".".join(home.relative_to(source).parts), [])
        assert any(path.relative_to(home).match(pattern) for pattern in patterns), path


def test_the_asyncapi_channels_are_the_topics_that_others_meet() -> None:
    """The vendor's document and the registry name the same topics."""
    document = yaml.safe_load((ROOT / "schemas" / "asyncapi.yaml").read_text(encoding="utf-8"))
    met = {channel["address"] for channel in document["channels"].values()}
    assert met == {*topics.SOURCES, topics.FINDINGS, topics.STATEMENTS, topics.DEAD_LETTERS}
    assert met <= {topic.name for topic in topics.registry(Settings())}


def test_the_example_contracts_load() -> None:
    """What the README tells people to copy is valid."""
    assert contracts.load(ROOT / "deploy" / "contracts")


def test_no_module_is_longer_than_a_room() -> None:
    """Over 300 lines needs a reason; there is none so far but the list of events."""
    reasons = {"events.py": "one record an event type: a list, not logic"}
    long = {
        path.name: len(path.read_text().splitlines())
        for path in (ROOT / "streams").rglob("*.py")
        if len(path.read_text().splitlines()) > 300 and path.name not in reasons
    }
    assert not long


def test_every_public_name_of_the_domain_has_a_contract_in_words() -> None:
    """Docstrings state units and sources; ruff checks that they exist, this that the rooms explain themselves."""
    for path in (ROOT / "streams").rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text())), path


def test_what_a_docstring_refers_to_is_there() -> None:
    """A name that was moved or renamed leaves no reference behind; a bare name stands elsewhere in its file, too."""
    for path in (ROOT / "streams").rglob("*.py"):
        text = path.read_text()
        names = set(re.findall(r"\w+", re.sub(r":\w+:`[^`]*`", "", text)))
        for role, target in re.findall(r":(func|class|mod|data|meth|attr|exc):`~?([^`]+)`", text):
            if target.startswith("undertow."):
                assert resolves(target), f"{path.name}: :{role}:`{target}`"
            else:
                assert target.split(".")[-1] in names, f"{path.name}: :{role}:`{target}`"


def resolves(target: str) -> bool:
    """Whether a dotted name is a module of ours, or something in one."""
    parts = target.split(".")
    for at in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:at]))
        except ModuleNotFoundError:
            continue
        for name in parts[at:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


def test_the_licence_is_apache_2() -> None:
    """As the project file says."""
    assert "Apache License" in Path(ROOT / "LICENSE").read_text()
