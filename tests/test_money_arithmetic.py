"""No float is used for money: in `events/` and `orders/` floats are durations, named so, and nothing is divided."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("events", "orders")
# It draws: its floats are millimetres on paper, and it gets no price.
DRAWING = ROOT / "orders" / "tickets" / "pdf.py"
FILES = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py")) if file != DRAWING]
# Names of durations and of probabilities, the only floats that these folders need.
DURATION = re.compile(
    r"seconds|retry_after|sleep|timeout|ttl|pause|delay|lifetime|interval|deadline|rate|patience", re.IGNORECASE
)
MONEY = re.compile(r"price|amount|total|money|minor|refund|revenue|fee", re.IGNORECASE)


def names_in(node: ast.AST | None) -> str:
    return ast.unparse(node) if node else ""


def owner_of(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str:
    """Return the name that a value is given: that of an assignment, a keyword or an annotated name."""
    while node in parents:
        node = parents[node]
        match node:
            case ast.Assign(targets=[target, *_]):
                return ast.unparse(target)
            case ast.AnnAssign(target=target):
                return ast.unparse(target)
            case ast.keyword(arg=str(name)) | ast.arg(arg=name):
                return name
            case ast.FunctionDef(name=name):
                return name
            case ast.Call(func=called) if ast.unparse(called) != "float":
                return ast.unparse(called)
    return ""


def floats_of(source: str) -> Iterator[str]:
    """Yield each float that is no duration, and each division, with its line."""
    tree = ast.parse(source)
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float()) if not DURATION.search(owner_of(node, parents)):
                yield f"line {node.lineno}: {node.value!r}"
            case ast.Name(id="float") if not DURATION.search(owner_of(node, parents)):
                yield f"line {node.lineno}: float"
            case ast.BinOp(op=ast.Div(), left=left, right=right) if not is_path(left, right):
                yield f"line {node.lineno}: {ast.unparse(node)}"
            case ast.Call(func=ast.Name(id="round")) if MONEY.search(names_in(node)):
                yield f"line {node.lineno}: {ast.unparse(node)}"


def is_path(left: ast.AST, right: ast.AST) -> bool:
    """Return whether a division joins the parts of a path."""
    return any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in (left, right))


def test_drawing_of_tickets_has_no_money() -> None:
    assert not MONEY.search(DRAWING.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_money_is_never_a_float(file: Path) -> None:
    assert list(floats_of(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    [
        "total = 1.5",
        "def f(price: float) -> None: ...",
        "price = float(text)",
        "amount = total / 100",
        "fee = price * 0.05",
        "amount = round(price, 2)",
        "pay(10.0)",
    ],
)
def test_planted_float_is_found(code: str) -> None:
    assert list(floats_of(code)) != []


@pytest.mark.parametrize("code", ["TIMEOUT = 8.0", "path = folder / 'port'", "wait(seconds=0.5)", "n = total // 10"])
def test_durations_and_paths_are_not_reported(code: str) -> None:
    assert list(floats_of(code)) == []
