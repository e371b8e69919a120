"""The documents against the code: what one names, the other has, both ways, and an omission is noticed."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest
from flask import Flask
from prometheus_client import Counter, Histogram
from pymongo import MongoClient

from app import create_app
from core import metrics
from core.config.settings import Settings
from core.errors import DomainError
from core.web import problem_details
from tests import factories

ROOT = Path(__file__).parent.parent
README, CONTRIBUTING = ROOT / "README.md", ROOT / "CONTRIBUTING.md"
ARCHITECTURE, OPERATIONS = ROOT / "docs" / "architecture.md", ROOT / "docs" / "operations.md"
DOCUMENTS = [README, CONTRIBUTING, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
ELSEWHERE = {"bench", "tests", "var", "node_modules", "__pycache__"}
LEVELS = {"info", "warning", "error", "exception"}
# What belongs to no API: the site's own files.
UNTOLD_ROUTES = {("GET", "/static/{}")}
# flask-smorest brings commands of its own.
FOREIGN_COMMANDS = {"openapi"}


@pytest.fixture(scope="module")
def application() -> Iterator[Flask]:
    """The application as it is assembled, over a database that nobody asks."""
    with MongoClient[dict[str, object]]("mongodb://127.0.0.1:1/", connect=False) as client:
        yield create_app(factories.settings("mongodb://127.0.0.1:1/"), client=client)


def told(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def everything_told() -> str:
    return "\n".join(told(document) for document in DOCUMENTS)


def section(document: str, title: str) -> str:
    """Return the part of `document` under the heading `title`, up to the next heading of its rank."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", document, re.MULTILINE | re.DOTALL)
    assert found, f"no section {title}"
    return found[1]


def rows(text: str) -> dict[str, list[str]]:
    """Return the rows of the tables in `text` by the code in their first cell."""
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines() if line[:1] == "|"]
    return {row[0].strip("`"): row[1:] for row in cells if row[0].startswith("`")}


def product() -> Iterator[Path]:
    for file in sorted(ROOT.rglob("*.py")):
        parts = file.relative_to(ROOT).parts
        if not any(part in ELSEWHERE or part.startswith(".") for part in parts):
            yield file


# Settings


def example() -> dict[str, str]:
    """Return the sentence of each setting in .env.example."""
    sentences: dict[str, str] = {}
    lines: list[str] = []
    for line in told(ROOT / ".env.example").splitlines():
        if line.startswith("#"):
            lines.append(line.removeprefix("#").strip())
        elif "=" in line:
            sentences[line.partition("=")[0]] = " ".join(lines)
        if not line.startswith("#"):
            lines = []
    return sentences


def test_every_setting_has_a_sentence_in_the_example_and_the_other_way_round() -> None:
    assert list(example()) == [field.name.upper() for field in fields(Settings)]
    assert all(example().values())


def test_the_readme_says_of_every_setting_what_the_example_says() -> None:
    table = rows(section(told(README), "Settings"))

    assert {name: cells[0] for name, cells in table.items()} == example()


# Error codes


def kinds_of(error: type[DomainError]) -> set[type[DomainError]]:
    return {kind for child in error.__subclasses__() for kind in {child} | kinds_of(child)}


def codes() -> dict[str, int]:
    """Return every code the service answers, with its status."""
    for file in product():
        if file.name == "errors.py":
            importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    of_kinds = {kind.code: problem_details.status_of(kind.__new__(kind)) for kind in kinds_of(DomainError)}
    return {code: status for status, code in problem_details.CODE_OF.items()} | of_kinds


def test_no_error_code_that_is_raised_is_said_to_be_answered_by_no_route() -> None:
    codes()  # loads them all
    raised = {kind.code for kind in kinds_of(DomainError) if kind.__module__ != DomainError.__module__}
    said = {code for code, cells in rows(section(told(OPERATIONS), "Error codes")).items() if "no route" in cells[1]}

    assert "slot_full" in raised
    assert said & raised == set()


def test_every_error_code_is_in_operations_with_its_status_and_the_other_way_round() -> None:
    table = rows(section(told(OPERATIONS), "Error codes"))

    assert {code: int(cells[0]) for code, cells in table.items()} == codes()


# Routes


def plain(path: str) -> str:
    """Return `path` with every variable part as `{}`."""
    return re.sub(r"<[^>]*>|\{[^}]*\}|\$\w+", "{}", path)


def served(application: Flask) -> set[tuple[str, str]]:
    return {
        (method, plain(rule.rule))
        for rule in application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def routes_in(text: str) -> set[tuple[str, str]]:
    """Return the routes that `text` names with their method."""
    return {(method, plain(path)) for method, path in re.findall(r"`(GET|POST|PATCH|DELETE) (/[^\s`?]*)[`?]", text)}


def paths_in(text: str) -> set[str]:
    """Return the paths under /api that `text` names, with or without a method."""
    return {plain(path).rstrip(".") for path in re.findall(r"(?<![a-z])/api/[\w/{}<>$.-]+", text)}


def untold(application: Flask, text: str) -> set[tuple[str, str]]:
    return served(application) - routes_in(text) - UNTOLD_ROUTES


def test_every_route_is_in_architecture(application: Flask) -> None:
    assert untold(application, section(told(ARCHITECTURE), "The routes")) == set()


def test_a_route_that_is_left_out_is_noticed(application: Flask) -> None:
    text = told(ARCHITECTURE).replace("| `GET /api/dates` |", "| `GET /api/days` |")

    assert untold(application, text) == {("GET", "/api/dates")}
    assert ("GET", "/api/days") in routes_in(text) - served(application)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_route_in_the_documents_exists(document: Path, application: Flask) -> None:
    assert routes_in(told(document)) <= served(application)
    assert paths_in(told(document)) <= {path for _, path in served(application)}


# Commands


def operators_commands(application: Flask) -> set[str]:
    names = set()
    for name, command in application.cli.commands.items():
        if name not in FOREIGN_COMMANDS:
            names |= {f"{name} {verb}" for verb in command.commands} if isinstance(command, click.Group) else {name}
    return names


def test_every_flask_command_is_in_operations_and_the_other_way_round(application: Flask) -> None:
    named = set(re.findall(r"flask ([a-z-]+(?: [a-z]+)?)(?: --once)?`", everything_told()))
    table = rows(section(told(OPERATIONS), "Commands"))

    assert named == operators_commands(application)
    assert {row.removeprefix("flask ").removesuffix(" --once") for row in table} == named


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", told(ROOT / "Makefile"), re.MULTILINE))


def test_every_make_target_is_in_contributing_and_the_other_way_round() -> None:
    named = re.findall(r"(?:`|^    )make ([a-z-]+)", everything_told(), re.MULTILINE)

    assert set(named) == targets()
    assert {f"make {target}" for target in targets()} == set(rows(told(CONTRIBUTING)))


# Log events and metrics


def events_of(source: str) -> set[tuple[str, str]]:
    """Return the events that `source` logs, with their level."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=logger, attr=level), args=[ast.Constant(value=str(event)), *_]) if (
                level in LEVELS and (ast.unparse(logger) == "LOG" or ast.unparse(logger).startswith("log.get_logger("))
            ):
                found.add((event, "error" if level == "exception" else level))
            case ast.Tuple(elts=[ast.Attribute(value=ast.Name(id="LOG"), attr=level), ast.Constant(value=str(event))]):
                found.add((event, level))
    return found


def test_every_log_event_is_in_operations_with_its_level_and_the_other_way_round() -> None:
    table = rows(section(told(OPERATIONS), "Logs"))

    assert {(event, cells[0]) for event, cells in table.items()} == set().union(
        *(events_of(told(file)) for file in product())
    )


def test_an_event_that_nobody_told_of_is_noticed() -> None:
    code = """
LOG.warning("planted", slot=1)
log.get_logger("x").exception("also_planted")
TOLD = {1: (LOG.info, "third")}
LOG.bind("no_event")
file.error("no event either")
"""

    assert events_of(code) == {("planted", "warning"), ("also_planted", "error"), ("third", "info")}


def test_every_metric_is_in_operations_and_the_other_way_round() -> None:
    counters = [metric for metric in vars(metrics).values() if isinstance(metric, Counter | Histogram)]
    families = [family for counter in counters for family in counter.describe()]
    names = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    names |= {family.name for family in metrics.OutboxSizeCollector(dict).collect()}
    told_of = rows(section(told(OPERATIONS), "Metrics").partition("Alerts worth having")[0])

    assert set(told_of) == names


# Links and files


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", told(document), re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", told(document)):
        path, _, anchor = link.partition("#")
        if not re.match(r"[a-z]+:", link):
            target = document.parent / path if path else document
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_file_of_the_house_that_is_named_exists(document: Path) -> None:
    named = re.findall(
        r"`((?:core|booking|schedules|notifications|admin|pages|tests|docs)/[\w./-]*\w)`", told(document)
    )

    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", everything_told()))
    written = {name for file in (ROOT / "tests").rglob("*.py") for name in re.findall(r"def (test_\w+)", told(file))}

    assert named - written == set()
