"""Consistency of documents and code: settings, codes, routes, commands, log events, files and symbols, both ways."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
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
ROUTES = ROOT / "docs" / "routes.md"
DOCUMENTS = [README, CONTRIBUTING, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_PRODUCT = {"bench", "tests", "var", "node_modules", "__pycache__"}
FORBIDDEN_WORDS = re.compile(
    r"\b(?:whoever|nobody|anew|told|tells|shall|stray|house|floor|furniture|hub|turns|counter|"
    r"wish|promise|promised|promises|seal|sealed|errand|parcel|stands|heed|hush|apart)\b"
)
LEVELS = {"info", "warning", "error", "exception"}
# The static files of the site are not documented one by one.
STATIC_ROUTE = re.compile(r"/static/.*\{\}")
# flask-smorest registers these commands.
FOREIGN_COMMANDS = {"openapi"}


@pytest.fixture(scope="module")
def application() -> Iterator[Flask]:
    """The application as it is built, over a database without a server."""
    with MongoClient[dict[str, object]]("mongodb://127.0.0.1:1/", connect=False) as client:
        yield create_app(factories.settings("mongodb://127.0.0.1:1/"), client=client)


def read(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def all_documents() -> str:
    return "\n".join(read(document) for document in DOCUMENTS)


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
        if not any(part in NOT_PRODUCT or part.startswith(".") for part in parts):
            yield file


# Settings


def example() -> dict[str, str]:
    """Return the sentence of each setting in .env.example."""
    sentences: dict[str, str] = {}
    lines: list[str] = []
    for line in read(ROOT / ".env.example").splitlines():
        if line.startswith("#"):
            lines.append(line.removeprefix("#").strip())
        elif "=" in line:
            sentences[line.partition("=")[0]] = " ".join(lines)
        if not line.startswith("#"):
            lines = []
    return sentences


def setting_names() -> list[str]:
    """Return the names in the environment; one provider stands for all."""
    names: list[str] = []
    for field in fields(Settings):
        if field.name == "oidc_providers":
            names += [f"OIDC_GOOGLE_{part}" for part in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET")]
        elif field.name == "payment_provider":
            names += ["PAYMENT_PROVIDER", "PAYMENT_RATE"]
            names += ["STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE", "STRIPE_PUBLISHABLE_KEY"]
        else:
            names.append(field.name.upper())
    return names


def test_settings_example_names_exactly_the_settings() -> None:
    assert list(example()) == setting_names()
    assert all(example().values())


def test_settings_table_of_the_readme_equals_the_example() -> None:
    table = rows(section(read(README), "Settings"))

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


def test_error_code_raised_is_not_documented_as_unused() -> None:
    codes()  # imports every module of errors
    raised = {kind.code for kind in kinds_of(DomainError) if kind.__module__ != DomainError.__module__}
    unused = {code for code, cells in rows(section(read(OPERATIONS), "Error codes")).items() if "no route" in cells[1]}

    assert "slot_full" in raised
    assert unused & raised == set()


def test_error_codes_table_names_exactly_the_codes() -> None:
    table = rows(section(read(OPERATIONS), "Error codes"))

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


def undocumented_routes(application: Flask, text: str) -> set[tuple[str, str]]:
    routes = served(application) - routes_in(text)
    return {route for route in routes if not STATIC_ROUTE.fullmatch(route[1])}


def test_routes_table_names_every_route(application: Flask) -> None:
    assert undocumented_routes(application, read(ROUTES)) == set()


def test_routes_table_without_a_route_is_noticed(application: Flask) -> None:
    text = read(ROUTES).replace("| `GET /api/dates` |", "| `GET /api/days` |")

    assert undocumented_routes(application, text) == {("GET", "/api/dates")}
    assert ("GET", "/api/days") in routes_in(text) - served(application)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_routes_named_in_a_document_exist(document: Path, application: Flask) -> None:
    assert routes_in(read(document)) <= served(application)
    assert paths_in(read(document)) <= {path for _, path in served(application)}


# Commands


def operators_commands(application: Flask) -> set[str]:
    names = set()
    for name, command in application.cli.commands.items():
        if name not in FOREIGN_COMMANDS:
            names |= {f"{name} {verb}" for verb in command.commands} if isinstance(command, click.Group) else {name}
    return names


def test_commands_table_names_exactly_the_commands(application: Flask) -> None:
    named = set(re.findall(r"flask ([a-z-]+(?: [a-z][a-z-]*)?)(?: --once)?`", all_documents()))
    table = rows(section(read(OPERATIONS), "Commands"))

    assert named == operators_commands(application)
    assert {row.removeprefix("flask ").removesuffix(" --once") for row in table} == named


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", read(ROOT / "Makefile"), re.MULTILINE))


def test_make_targets_table_names_exactly_the_targets() -> None:
    named = re.findall(r"(?:`|^    )make ([a-z-]+)", all_documents(), re.MULTILINE)

    assert set(named) == targets()
    assert {f"make {target}" for target in targets()} == set(rows(read(CONTRIBUTING)))


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


def test_log_events_table_names_exactly_the_events() -> None:
    table = rows(section(read(OPERATIONS), "Logs"))

    assert {(event, cells[0]) for event, cells in table.items()} == set().union(
        *(events_of(read(file)) for file in product())
    )


def test_log_event_planted_is_noticed() -> None:
    code = """
LOG.warning("planted", slot=1)
log.get_logger("x").exception("also_planted")
EVENTS = {1: (LOG.info, "third")}
LOG.bind("no_event")
file.error("no event either")
"""

    assert events_of(code) == {("planted", "warning"), ("also_planted", "error"), ("third", "info")}


def test_metrics_table_names_exactly_the_metrics() -> None:
    counters = [metric for metric in vars(metrics).values() if isinstance(metric, Counter | Histogram)]
    families = [family for counter in counters for family in counter.describe()]
    names = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    names |= {family.name for family in metrics.OutboxSizeCollector(dict).collect()}
    documented = rows(section(read(OPERATIONS), "Metrics").partition("Alerts worth having")[0])

    assert set(documented) == names


# Words


def forbidden_words(text: str) -> set[str]:
    """Return the forbidden words in `text`, outside code and addresses."""
    prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", " ", text, flags=re.DOTALL)
    return set(FORBIDDEN_WORDS.findall(prose.lower()))


@pytest.mark.parametrize("document", [*DOCUMENTS, ROOT / ".env.example"], ids=lambda document: document.name)
def test_documents_contain_no_forbidden_word(document: Path) -> None:
    assert forbidden_words(read(document)) == set()


def test_forbidden_word_planted_is_noticed() -> None:
    assert forbidden_words("Whoever reads `house` meets\nthe Hub in a [room](floor.md)") == {"whoever", "hub"}


# Links and files


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", read(document), re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_in_a_document_resolve(document: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", read(document)):
        path, _, anchor = link.partition("#")
        if not re.match(r"[a-z]+:", link):
            target = document.parent / path if path else document
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_files_named_in_a_document_exist(document: Path) -> None:
    named = re.findall(
        r"`((?:core|inventory|booking|schedules|waitlist|notifications|audit|live|admin|pages|devdb|tests|docs)/[\w./-]*\w)`",
        read(document),
    )

    assert [name for name in named if not (ROOT / name).exists()] == []


def test_tests_named_in_the_documents_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", all_documents()))
    written = {name for file in (ROOT / "tests").rglob("*.py") for name in re.findall(r"def (test_\w+)", read(file))}

    assert named - written == set()


# The table "Where is ...?"


def locations() -> dict[str, tuple[str, str]]:
    """Return file and symbol for each question of the table."""
    lines = section(read(ARCHITECTURE), "Where is ...?").splitlines()
    cells = [[cell.strip(" `") for cell in line.strip("| ").split(" | ")] for line in lines if "` |" in line]
    return {question: (file, symbol) for question, file, symbol in cells}


def symbols_of(source: str) -> set[str]:
    """Return the names that `source` defines at its top level, and the methods of its classes as `Class.method`."""
    names = set()
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name, body=body):
                names.add(name)
                names |= {f"{name}.{method.name}" for method in body if isinstance(method, ast.FunctionDef)}
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return names


def missing_locations(table: Mapping[str, tuple[str, str]]) -> set[str]:
    """Return the questions whose file does not exist or does not define the symbol."""
    return {
        question
        for question, (file, symbol) in table.items()
        if not (ROOT / file).is_file() or symbol not in symbols_of(read(ROOT / file))
    }


def unlisted_folders(table: Mapping[str, tuple[str, str]]) -> set[str]:
    """Return the top-level folders of the product without a question in `table`."""
    folders = {file.relative_to(ROOT).parts[0] for file in product() if file.parent != ROOT}
    return folders - {Path(file).parts[0] for file, _ in table.values()}


def test_locations_table_names_existing_symbols() -> None:
    assert missing_locations(locations()) == set()


def test_locations_table_names_every_folder() -> None:
    table = locations()

    assert len(table) >= 33
    assert unlisted_folders(table) == set()


def test_locations_table_with_planted_errors_is_noticed() -> None:
    table = {"a": ("core/ids.py", "new_id"), "b": ("core/ids.py", "no_id"), "c": ("core/no_file.py", "new_id")}

    assert missing_locations(table) == {"b", "c"}
    assert "core" not in unlisted_folders(table)
    assert {"booking", "schedules"} <= unlisted_folders(table)
