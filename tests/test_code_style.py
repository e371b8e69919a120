"""Code style: limits on dense statements, class sizes and test names, and on imports between test files."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SKIPPED_FOLDERS = {"bench", "tests", "var", "node_modules", "__pycache__"}

# The most of each in a thousand lines of product code. Comprehensions are to be lowered to 12.
MAX_PARALLEL_ASSIGNMENTS = 1.0
MAX_CONDITIONAL_EXPRESSIONS = 6.0
MAX_COMPREHENSIONS = 18.0

MAX_CLASS_LINES = 150
MAX_TEST_FILE_LINES = 400
MAX_TEST_NAME_LENGTH = 70

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def product_files() -> list[Path]:
    found = []
    for file in sorted(ROOT.rglob("*.py")):
        parts = file.relative_to(ROOT).parts
        if not any(part in SKIPPED_FOLDERS or part.startswith(".") for part in parts):
            found.append(file)
    return found


def nodes(sources: Iterable[str]) -> Iterator[ast.AST]:
    for source in sources:
        yield from ast.walk(ast.parse(source))


def is_parallel_assignment(node: ast.AST) -> bool:
    match node:
        case ast.Assign(targets=[ast.Tuple(), *_], value=ast.Tuple()):
            return True
    return False


def per_thousand_lines(sources: list[str], kind: str) -> float:
    """Return how many statements of `kind` a thousand lines of `sources` hold."""
    counts = {"parallel": 0, "conditional": 0, "comprehension": 0}
    for node in nodes(sources):
        counts["parallel"] += is_parallel_assignment(node)
        counts["conditional"] += isinstance(node, ast.IfExp)
        counts["comprehension"] += isinstance(node, COMPREHENSIONS)
    lines = sum(source.count("\n") for source in sources)
    return counts[kind] * 1000 / lines


def long_classes(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_CLASS_LINES:
                found.append(f"{node.name} has {lines} lines")
    return found


def imported_test_files(source: str) -> list[str]:
    modules = [str(node.module) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    return [module for module in modules if ".test_" in f".{module}"]


def long_test_names(source: str) -> list[str]:
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.name.startswith("test_") and len(node.name) > MAX_TEST_NAME_LENGTH
    ]


PRODUCT = [file.read_text(encoding="utf-8") for file in product_files()]
TEST_FILES = sorted((ROOT / "tests").rglob("*.py"))


@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        ("parallel", MAX_PARALLEL_ASSIGNMENTS),
        ("conditional", MAX_CONDITIONAL_EXPRESSIONS),
        ("comprehension", MAX_COMPREHENSIONS),
    ],
)
def test_product_code_stays_below_the_limit_of_dense_statements(kind: str, limit: float) -> None:
    assert per_thousand_lines(PRODUCT, kind) <= limit


def test_dense_statements_are_counted() -> None:
    source = "a, b = 1, 2\nc = 1 if a else 2\nd = [x for x in ()]\ne, f = pair\n"

    assert per_thousand_lines([source], "parallel") == 250
    assert per_thousand_lines([source], "conditional") == 250
    assert per_thousand_lines([source], "comprehension") == 250


def test_classes_stay_below_the_limit_of_lines() -> None:
    assert [found for source in PRODUCT for found in long_classes(source)] == []


def test_long_class_is_found() -> None:
    source = "class Planted:\n" + "    x = 1\n" * MAX_CLASS_LINES

    assert long_classes(source) == ["Planted has 151 lines"]


@pytest.mark.parametrize("file", TEST_FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_test_files_and_names_are_short_and_import_no_test_file(file: Path) -> None:
    source = file.read_text(encoding="utf-8")

    assert long_test_names(source) == []
    assert imported_test_files(source) == []
    assert source.count("\n") <= MAX_TEST_FILE_LINES


def test_planted_import_of_a_test_file_is_found() -> None:
    assert imported_test_files("from tests.api.test_slots import x") == ["tests.api.test_slots"]
    assert imported_test_files("from tests.conftest import x") == []


def test_planted_long_test_name_is_found() -> None:
    longest = "test_" + "x" * (MAX_TEST_NAME_LENGTH - 5)

    assert long_test_names(f"def {longest}() -> None: ...") == []
    assert long_test_names(f"class TestPlanted:\n    def {longest}y(self) -> None: ...") == [f"{longest}y"]
