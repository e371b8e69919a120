"""Vocabulary: old words that no identifier, file name, comment or docstring uses; test_docs.py holds the documents."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SKIPPED_FOLDERS = {"var", "node_modules", "__pycache__"}
THIS_FILE = "tests/test_vocabulary.py"

# Each word with the term that replaces it.
NAMES: Mapping[str, str] = {
    "allowance": "quota",
    "allowances": "quotas",
    "anew": "again",
    "board": "availability view",
    "deaf": "suppressed",
    "desk": "back office",
    "ears": "watcher",
    "errand": "periodic task",
    "forgetting": "erasure",
    "furnish": "configure",
    "glance": "probe",
    "hands": "clock",
    "hasty": "too fast",
    "heed": "subscribe",
    "hub": "broadcaster",
    "hush": "dismiss",
    "nobody": "anonymised",
    "nobodys": "anonymised",
    "packer": "batch planner",
    "parcel": "send job",
    "parcels": "send jobs",
    "promise": "enqueue",
    "promised": "enqueued",
    "promises": "e-mails",
    "scarce": "nearly full",
    "seal": "form token",
    "sealed": "form token",
    "seals": "form tokens",
    "speech": "locale negotiation",
    "spoken": "locale",
    "stray": "orphaned",
    "strays": "orphaned",
    "tally": "count",
    "tell": "notify",
    "tells": "notifies",
    "told": "notified",
    "turns": "serialized transactions",
    "twin": "duplicate",
    "twins": "duplicates",
    "untold": "undocumented",
    "whoever": "who",
    "wish": "pending booking",
    "wishes": "pending bookings",
}
# Words of sentences: comments, docstrings and documents use plain ones.
SENTENCE_WORDS = ("anew", "nobody", "there to stay", "whoever")
SENTENCES = re.compile(rf"\b({'|'.join(SENTENCE_WORDS)})\b", re.IGNORECASE)


def files(*patterns: str) -> Iterator[Path]:
    for pattern in patterns:
        for file in sorted(ROOT.rglob(pattern)):
            parts = file.relative_to(ROOT).parts
            if not any(part in SKIPPED_FOLDERS or part.startswith(".") for part in parts):
                yield file


def words_of(name: str) -> set[str]:
    """Return the lower-case words of a snake_case or CamelCase name."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def identifiers(source: str) -> Iterator[tuple[str, int]]:
    """Yield the names that `source` defines, each with its line."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno


def old_names(source: str) -> list[str]:
    return [
        f"line {line}: {name}: say {NAMES[word]}"
        for name, line in identifiers(source)
        for word in sorted(words_of(name) & NAMES.keys())
    ]


def sentences(source: str) -> Iterator[tuple[str, int]]:
    """Yield the comments and docstrings of `source`, each with its line."""
    for token in tokenize.generate_tokens(iter(source.splitlines(keepends=True)).__next__):
        if token.type == tokenize.COMMENT:
            yield token.string, token.start[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node)
            if docstring:
                yield docstring, node.body[0].lineno


def old_sentences(source: str) -> list[str]:
    return [f"line {line}: {found[0]}" for text, line in sentences(source) for found in SENTENCES.finditer(text)]


PYTHON = [file for file in files("*.py") if file.relative_to(ROOT).as_posix() != THIS_FILE]


@pytest.mark.parametrize("file", PYTHON, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_identifiers_use_the_vocabulary(file: Path) -> None:
    assert old_names(file.read_text(encoding="utf-8")) == []


def test_file_names_use_the_vocabulary() -> None:
    named = {file.relative_to(ROOT).as_posix() for file in files("*.py", "*.js", "*.css", "*.html", "*.toml")}

    assert [name for name in sorted(named) if words_of(Path(name).stem) & NAMES.keys()] == []


# The docstring of an error is its message to people.
@pytest.mark.parametrize(
    "file",
    [file for file in PYTHON if file.name != "errors.py"],
    ids=lambda file: file.relative_to(ROOT).as_posix(),
)
def test_comments_and_docstrings_use_plain_words(file: Path) -> None:
    assert old_sentences(file.read_text(encoding="utf-8")) == []


PLANTED = [
    "def make_wish() -> None: ...",
    "class Tally: ...",
    "def f(promised: int) -> None: ...",
    "told = 1",
    "x.sealed = 1",
    "import json as errand",
    "for stray in (): ...",
]


@pytest.mark.parametrize("code", PLANTED)
def test_planted_name_is_found(code: str) -> None:
    assert len(old_names(code)) == 1


@pytest.mark.parametrize("code", ['"""Whoever asks."""', "x = 1  # nobody knows", 'def f():\n    """Ask anew."""'])
def test_planted_sentence_is_found(code: str) -> None:
    assert len(old_sentences(code)) == 1


def test_plain_code_is_not_reported() -> None:
    code = '"""A store of bookings."""\nturnstile = 1  # counts people\nenqueued = 2\n'

    assert old_sentences(code) == []
    assert old_names(code) == []
