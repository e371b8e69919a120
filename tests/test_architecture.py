"""The import rules and measures of the house, as tables, held against the code and shown to notice a violation."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

from tests.library_imports import LIBRARIES
from tests.planted_violations import LONGEST_FUNCTION, LONGEST_MODULE, PLANTED
from tests.users_of_stores import USERS_OF_STORES

ROOT = Path(__file__).parent.parent
ELSEWHERE = {"bench", "tests", "var", "node_modules", "__pycache__"}

# Lowest first: a module imports from lower floors and from its own folder, never from its neighbours or from above.
FLOORS = (
    {"core"},
    {"audit", "inventory", "notifications"},
    {"accounts"},
    {"schedules", "events"},
    {"waitlist"},
    {"booking", "orders"},
    {"live"},
    {"pages"},
    {"admin"},
    {"wiring"},
    {"cli"},
    {"app"},
    {"gunicorn"},
)
FLOOR_OF = {folder: number for number, floor in enumerate(FLOORS) for folder in floor}
# Development only: stands on core, and nothing stands on it.
DEVELOPMENT = {"devdb"}
ROOT_MODULES = {"wiring", "cli", "app", "gunicorn"}
NEVER_IMPORTED = DEVELOPMENT | {"bench", "tests"}

# What a file of a feature may import beside the standard library, by its name; `OWN` is its folder.
OWN = "<own>"
FURNITURE: Mapping[str, tuple[str, ...]] = {
    "model": (f"{OWN}.errors", "*.model", "core.idempotency", "core.pagination"),
    "errors": ("core.errors", "inventory.errors", "accounts.errors"),
    "store": (
        "pymongo*",
        "core.*",
        "core",
        *(f"{OWN}.{name}" for name in ("model", "errors", "mapping", "query", "erasure")),
        "notifications.errors",
        "inventory.stock",
        "orders.mapping",
    ),
    "service": (
        f"{OWN}.*",
        OWN,
        "core.*",
        "core",
        "notifications.letters",
        "*.service",
        "*.model",
        "*.errors",
        "notifications.*",
    ),
    "schemas": (
        *("marshmallow", "phonenumbers", "email_validator", "core.*", "core", "*.model", "*.schemas"),
        "events.money",
    ),
}
# Names that only these modules may use.
NAMES: Mapping[str, tuple[str, ...]] = {
    "os.environ": ("core.config.settings", "devdb.*"),
    "os.getenv": ("core.config.settings", "devdb.*"),
    "datetime.now": ("core.clock",),
    "datetime.utcnow": ("core.clock",),
    "datetime.today": ("core.clock",),
    "date.today": ("core.clock",),
}


@dataclass(frozen=True)
class Module:
    """A file of Python, by the name it is imported under."""

    name: str
    path: str
    source: str

    @property
    def folder(self) -> str:
        return self.name.partition(".")[0]

    @property
    def tree(self) -> ast.Module:
        return parsed(self.source)

    @property
    def nodes(self) -> Sequence[ast.AST]:
        return walked(self.source)

    def may(self, patterns: tuple[str, ...]) -> bool:
        return any(fnmatch(self.name, pattern) for pattern in patterns)


@cache
def parsed(source: str) -> ast.Module:
    return ast.parse(source)


@cache
def walked(source: str) -> Sequence[ast.AST]:
    return tuple(ast.walk(parsed(source)))


@cache
def import_nodes(source: str) -> Sequence[ast.Import | ast.ImportFrom]:
    return tuple(node for node in walked(source) if isinstance(node, ast.Import | ast.ImportFrom))


@cache
def used_names(source: str) -> Sequence[tuple[str, int]]:
    """Return the names of `NAMES` that `source` uses, each with its line."""
    found = []
    for node in walked(source):
        name = ""
        if isinstance(node, ast.Attribute):
            name = f"{ast.unparse(node.value).rpartition('.')[2]}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            name = next((f"os.{a.name}" for a in node.names if f"os.{a.name}" in NAMES), "")
        if name in NAMES:
            found.append((name, getattr(node, "lineno", 0)))
    return tuple(found)


def modules_in(root: Path) -> list[Module]:
    """Return the product's modules and those of its development tools under `root`."""
    found = []
    for file in sorted(root.rglob("*.py")):
        path = file.relative_to(root)
        if not any(part in ELSEWHERE or part.startswith(".") for part in path.parts):
            name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
            found.append(Module(name, path.as_posix(), file.read_text(encoding="utf-8")))
    return found


House = list[Module]


def imports(module: Module, known: set[str]) -> set[str]:
    """Return what `module` imports anywhere, as dotted names; `from a import b` is `a.b` where that is a module."""
    names: set[str] = set()
    for node in import_nodes(module.source):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
            continue
        start = module.name.rsplit(".", node.level)[0] + "." if node.level else ""
        source = (start + (node.module or "")).rstrip(".")
        for alias in node.names:
            names.add(f"{source}.{alias.name}" if f"{source}.{alias.name}" in known else source)
    return names


def every_import(house: House) -> Iterator[tuple[Module, str]]:
    known = {module.name for module in house}
    for module in house:
        for name in sorted(imports(module, known)):
            yield module, name


def every_module_has_its_floor(house: House) -> Iterator[str]:
    for module in house:
        if module.folder not in FLOOR_OF and module.folder not in DEVELOPMENT:
            yield f"{module.path} belongs to no floor"


def root_modules_import_lower_ones(house: House) -> Iterator[str]:
    # The contracts of import-linter hold the packages; they cannot name modules outside packages.
    for module, name in every_import(house):
        if "." not in module.name and name in FLOOR_OF and FLOOR_OF[name] >= FLOOR_OF.get(module.name, len(FLOORS)):
            yield f"{module.path} imports {name}, which is not below it"
        if name.partition(".")[0] in NEVER_IMPORTED and module.folder in ROOT_MODULES:
            yield f"{module.path} imports {name}, which is for development"
        if module.folder in DEVELOPMENT and name.partition(".")[0] in FLOOR_OF and not f"{name}.".startswith("core."):
            yield f"{module.path} imports {name}; development tools stand on core alone"


def stores_are_private(house: House) -> Iterator[str]:
    for module, name in every_import(house):
        folder, _, file = name.rpartition(".")
        if file != "store" or module.name in ("wiring", *USERS_OF_STORES.get(name, ())):
            continue
        if module.folder != folder.partition(".")[0] or module.name.endswith((".routes", ".schemas")):
            yield f"{module.path} imports {name}, a store of others"


def libraries_stay_where_they_belong(house: House) -> Iterator[str]:
    for module, name in every_import(house):
        allowed = LIBRARIES.get(name.partition(".")[0])
        if allowed and not module.may(allowed):
            yield f"{module.path} imports {name}; only {', '.join(allowed)} may"


def files_import_what_their_name_allows(house: House) -> Iterator[str]:
    for module, name in every_import(house):
        file = module.name.rpartition(".")[2]
        if module.folder == "core" or "." not in module.name or file not in FURNITURE:
            continue
        allowed = [pattern.replace(OWN, module.name.rpartition(".")[0]) for pattern in FURNITURE[file]]
        standard = name.partition(".")[0] in sys.stdlib_module_names
        if not standard and not any(fnmatch(name, pattern) for pattern in allowed):
            yield f"{module.path} imports {name}, which {file}.py may not"
        if file in ("service", "store", "model") and f"{name}.".startswith("core.web."):
            yield f"{module.path} imports {name}, which {file}.py may not"


def names_stay_where_they_belong(house: House) -> Iterator[str]:
    for module in house:
        for name, line in used_names(module.source):
            if not module.may(NAMES[name]):
                yield f"{module.path}, line {line}: {name}; only {', '.join(NAMES[name])} may"


def every_module_opens_with_a_sentence(house: House) -> Iterator[str]:
    for module in house:
        if not ast.get_docstring(module.tree):
            yield f"{module.path} has no docstring"


def packages_hold_no_code(house: House) -> Iterator[str]:
    for module in house:
        if module.path.endswith("__init__.py") and len(module.tree.body) > 1:
            yield f"{module.path} holds code"


def modules_stay_short(house: House) -> Iterator[str]:
    for module in house:
        lines = len(module.source.splitlines())
        if lines > LONGEST_MODULE:
            yield f"{module.path} has {lines} lines, more than {LONGEST_MODULE}"


def functions_stay_short(house: House) -> Iterator[str]:
    for module in house:
        for node in module.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    yield f"{module.path}: {node.name} has {lines} lines, more than {LONGEST_FUNCTION}"


Rule = Callable[[House], Iterator[str]]
RULES: tuple[Rule, ...] = (
    every_module_has_its_floor,
    root_modules_import_lower_ones,
    stores_are_private,
    libraries_stay_where_they_belong,
    files_import_what_their_name_allows,
    names_stay_where_they_belong,
    every_module_opens_with_a_sentence,
    packages_hold_no_code,
    modules_stay_short,
    functions_stay_short,
)


def complaints(house: House) -> list[str]:
    return [complaint for rule in RULES for complaint in rule(house)]


@pytest.fixture(scope="module")
def house() -> House:
    return modules_in(ROOT)


@pytest.fixture(scope="module")
def already(house: House) -> set[str]:
    return set(complaints(house))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_modules_keep_the_import_rules(rule: Rule, house: House) -> None:
    assert list(rule(house)) == []


def test_import_rules_cover_every_module(house: House) -> None:
    names = {module.name for module in house}

    assert {
        "app",
        "gunicorn.conf",
        "devdb.node",
        "core.web",
        "core.web.endpoint",
        "booking.group_commit",
        "admin.bookings.csv_export",
    } <= names
    assert not names & {"tests.conftest", "bench"}


@pytest.mark.parametrize(("path", "code", "complaint"), PLANTED, ids=[complaint for _, _, complaint in PLANTED])
def test_a_planted_violation_is_named(
    path: str, code: str, complaint: str, house: House, already: set[str], tmp_path: Path
) -> None:
    kept = [module for module in house if module.path != path]

    found = set(complaints([*kept, planted(tmp_path, path, f'"""Planted."""\n{code}')])) - already

    assert len(found) == 1, found
    assert found.pop().startswith(complaint)


def test_a_module_without_a_docstring_is_named(house: House, tmp_path: Path) -> None:
    found = complaints([*house, planted(tmp_path, "core/planted.py", "X = 1\n")])

    assert "core/planted.py has no docstring" in found


def test_control_planted_module_within_the_rules_is_not_reported(
    house: House, already: set[str], tmp_path: Path
) -> None:
    code = '"""Planted."""\nfrom booking.model import Booking\nfrom core import clock\nfrom flask import g\n'
    kept = [module for module in house if module.path != "admin/routes.py"]

    assert set(complaints([*kept, planted(tmp_path, "admin/routes.py", code)])) <= already


def planted(folder: Path, path: str, source: str) -> Module:
    """Write a module into `folder` and return it as it is found there."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source, encoding="utf-8")
    (found,) = modules_in(folder)
    return found


def test_the_image_gets_every_folder_of_the_product() -> None:
    named = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    folders = {module.folder for module in modules_in(ROOT) if "/" in module.path}

    assert folders - DEVELOPMENT <= named
