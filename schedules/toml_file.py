"""TOML file with error messages that name file, line, key and reason, in this service's own words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from schedules.errors import ScheduleError

T = TypeVar("T")

KEY = re.compile(r"\s*(?:([A-Za-z0-9_-]+)|\"([^\"]*)\"|'([^']*)')(?:\s*\.[^=]*)?\s*=")
HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?")
NO_EQUALS_SIGN = 'needs an "=" after the key.'
NO_STATEMENT = "has a line that is neither a key with a value nor a table in brackets."
# What the parser says, by how it begins, and what the operator reads.
SYNTAX_REASONS: Mapping[str, str] = {
    "Invalid date or datetime": "has a date that is not in the calendar.",
    "Invalid value": "has a value that TOML does not know; a text needs quotes.",
    "Expected newline or end of document": "has more on its line than one value; a text needs quotes.",
    "Expected '=' after a key": NO_EQUALS_SIGN,
    "Cannot overwrite a value": "is set twice.",
    "Cannot declare": "is set twice.",
    "Cannot mutate": "is set twice.",
    "Duplicate inline table key": "is set twice.",
    "Unterminated string": "has a text without its closing quotes.",
    "Expected \"'": "has a text without its closing quotes.",
    'Expected "': "has a text without its closing quotes.",
    "Illegal character": "has a line break or a control character that TOML does not allow there.",
    "Found invalid character": "has a line break or a control character that TOML does not allow there.",
    "Unescaped": "has a backslash that TOML does not know; put the text in single quotes.",
    "Unclosed array": "has a list without its closing bracket.",
    "Unclosed inline table": "has a table without its closing brace.",
    "Invalid statement": NO_STATEMENT,
    "Invalid initial character for a key part": NO_STATEMENT,
}
UNKNOWN_REASON = "is not valid TOML."


@dataclass(frozen=True)
class Table:
    """A table of a file: its top level, or the `nth` table under `header`."""

    file: TomlFile
    values: Mapping[str, Any]
    header: str = ""
    nth: int = 0

    def error(self, key: str, reason: str) -> ScheduleError:
        """Return the error at the line that sets `key`; for a missing key, at the table's first or last line."""
        line = self.file.line_of(self.header, self.nth, key)
        return ScheduleError(f"{self.file.name}, line {line}: {key} {reason}")

    def get(self, key: str, check: Callable[[Any], T], *, default: T | None = None) -> T:
        """Return the checked value of `key`; a ValueError of `check` has the words for the operator."""
        if key not in self.values:
            if default is None:
                raise self.error(key, "is missing.")
            return default
        try:
            return check(self.values[key])
        except ValueError as error:
            raise self.error(key, str(error)) from error

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Refuse unknown keys: they are typing errors."""
        for key in self.values:
            if key not in known:
                raise self.error(key, f"is not known here; known are {', '.join(sorted(known))}.")

    def first_of(self, *keys: str) -> str:
        """Return the first of `keys` that the table has, or else the last one."""
        for key in keys:
            if key in self.values:
                return key
        return keys[-1]

    def child(self, key: str) -> Table:
        """Return the table under `key`."""
        return Table(self.file, self.get(key, _table), self._path(key))

    def children(self, key: str) -> list[Table]:
        """Return the tables of the list under `key`: one or more."""
        found = []
        for nth, values in enumerate(self.get(key, _tables)):
            found.append(Table(self.file, values, self._path(key), nth))
        return found

    def _path(self, key: str) -> str:
        return f"{self.header}.{key}".removeprefix(".")


@dataclass(frozen=True)
class TomlFile:
    """The name of a file and its lines, to find a key's line."""

    name: str
    lines: list[str]

    def line_of(self, header: str, nth: int, key: str) -> int:
        """Return the line of `key` in the `nth` table of `header`, counted from 1."""
        first = 0
        found = 0
        for line, at, index, name in _positions(self.lines):
            is_within = (at, index) == (header, nth)
            if is_within and name == "":
                first = line
            if is_within and name == key and not found:
                found = line
            # An inline table, and a list that is no table, have only the line of their own key.
            if name == header.partition(".")[0] and not at and not first:
                first = line
            if name == "" and at.partition(".")[0] == key and not header and not found:
                found = line
        return found or first or max(len(self.lines), 1)


def load(path: Path) -> Table:
    """Return the top level of the UTF-8 file at `path`, with or without byte order mark; raises ScheduleError."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ScheduleError(f"{path.name}: cannot be read: there is no such file.") from None
    except IsADirectoryError:
        raise ScheduleError(f"{path.name}: cannot be read: it is a folder.") from None
    except PermissionError:
        raise ScheduleError(f"{path.name}: cannot be read: this user has no permission.") from None
    except OSError as error:
        raise ScheduleError(f"{path.name}: cannot be read: {type(error).__name__}.") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ScheduleError(f"{path.name}: cannot be read: line {line} is not UTF-8; save the file as UTF-8.") from None
    return parse(text, path.name)


def parse(text: str, name: str) -> Table:
    """Return the top level of the TOML `text`; `name` is the file's, for error messages."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    file = TomlFile(name, text.removesuffix("\n").split("\n"))
    try:
        return Table(file, tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        raise _syntax_error(file, str(error)) from None


def _syntax_error(file: TomlFile, message: str) -> ScheduleError:
    position = re.search(r"\(at line (\d+),", message)
    line = max(len(file.lines), 1)
    if position:
        line = int(position[1])
    reason = UNKNOWN_REASON
    for beginning, own in SYNTAX_REASONS.items():
        if message.startswith(beginning):
            reason = own
            break
    key = _key_at(file.lines[:line])
    if reason in (NO_EQUALS_SIGN, NO_STATEMENT):
        key = f'"{file.lines[line - 1].strip()[:40]}"'
    return ScheduleError(f"{file.name}, line {line}: {key} {reason}")


def _key_at(lines: list[str]) -> str:
    """Return the key whose value the last of `lines` belongs to."""
    for text in reversed(lines):
        found = KEY.match(text)
        if found:
            return found[1] or found[2] or found[3] or '""'
    return "the file"


def _positions(lines: list[str]) -> Iterator[tuple[int, str, int, str]]:
    """Yield line, header, number of the table under this header, and key; a header's own line has no key."""
    header = ""
    counts: dict[str, int] = {}
    for line, text in enumerate(lines, 1):
        opened = HEADER.fullmatch(text)
        key = KEY.match(text)
        if opened and not key:
            header = re.sub(r"\s*\.\s*", ".", opened[1].replace('"', "").replace("'", ""))
            counts[header] = counts.get(header, -1) + 1
            yield line, header, counts[header], ""
        elif key:
            yield line, header, counts.get(header, 0), key[1] or key[2] or key[3] or ""


def _table(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be a table.")
    return value


def _tables(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise ValueError("must be one or more tables: [[days]].")
    return value
