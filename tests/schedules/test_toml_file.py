"""TOML files: every refusal names line, key and reason, and repeats no sentence of the parser."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from schedules import schedule_file, toml_file
from schedules.errors import ScheduleError
from tests.schedules.files import schedule_text

GOOD = schedule_text()


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_file_may_have_a_byte_order_mark_and_any_line_ends(tmp_path: Path, newline: str, mark: bytes) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(mark + GOOD.replace("\n", newline).encode())

    assert schedule_file.load(file).id == "test"


# A statement, the key and the reason; each is line 3 of its file.
BROKEN = [
    ("zone = Europe/Berlin", "zone", "has a value that TOML does not know; a text needs quotes."),
    ("capacity = 4 places", "capacity", "has more on its line than one value; a text needs quotes."),
    ("capacity 4", '"capacity 4"', 'needs an "=" after the key.'),
    ('name = "Again"', "name", "is set twice."),
    ('timezone = "Europe', "timezone", "has a text without its closing quotes."),
    ("timezone = 'Europe", "timezone", "has a text without its closing quotes."),
    ('timezone = "Europe\n"', "timezone", "has a line break or a control character that TOML does not allow there."),
    ("first = 2026-02-30", "first", "has a date that is not in the calendar."),
    ('name2 = "a\\d"', "name2", "has a backslash that TOML does not know; put the text in single quotes."),
    ("= 4", '"= 4"', "has a line that is neither a key with a value nor a table in brackets."),
    ("dates = [1, 2", "dates", "has a list without its closing bracket."),
    ("first = {a = 1, a = 2}", "first", "is set twice."),
    ("capacity = 0x", "capacity", "has"),
    (f"capacity = {'9' * 5000}", "capacity", "is not valid TOML."),
    (f"dates = {'[' * 5000}", "dates", "is not valid TOML."),
]


@pytest.mark.parametrize(("statement", "key", "reason"), BROKEN, ids=[row[0][:30] for row in BROKEN])
def test_broken_toml_names_line_key_and_reason(statement: str, key: str, reason: str) -> None:
    text = f'id = "x"\nname = "X"\n{statement}'
    with pytest.raises((ValueError, RecursionError)) as library:
        tomllib.loads(text)

    with pytest.raises(ScheduleError) as refused:
        toml_file.parse(text, "x.toml")

    assert str(refused.value).startswith(f"x.toml, line 3: {key} {reason}")
    assert str(library.value).partition(" (at")[0] not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfei\0d\0", "line 1 is not UTF-8; save the file as UTF-8."),
        ('id = "x"\nname = "Tür"'.encode("latin-1"), "line 2 is not UTF-8; save the file as UTF-8."),
    ],
)
def test_file_in_another_encoding_names_the_line(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(content)

    with pytest.raises(ScheduleError) as refused:
        schedule_file.load(file)

    assert str(refused.value) == f"x.toml: cannot be read: {reason}"


def test_unreadable_file_is_refused_in_own_words(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.toml", "there is no such file."), (tmp_path, "it is a folder.")):
        with pytest.raises(ScheduleError) as refused:
            schedule_file.load(path)
        assert str(refused.value) == f"{path.name}: cannot be read: {reason}"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (GOOD.replace("capacity = 2", 'capacity = "2"'), 6, "capacity must be a whole number"),
        (f'note = """\ncapacity = 1\n"""\n{GOOD}', 1, "note is not known here"),
        (GOOD.replace('"A"', "5"), 9, "name must be a text"),
        (f"{GOOD}[recurrence]\nfirst = 1\n", 7, "dates or [recurrence] is needed"),
        (GOOD.replace('dates = [\'2026-03-01\']', 'recurrence = {first = 2026-03-01, rule = "x"}'), 7, "rule has"),
        (GOOD.replace('dates = [\'2026-03-01\']', "recurrence = 5"), 7, "recurrence must be a table."),
        (GOOD.partition("[[days]]")[0] + "days = 5\n", 8, "days must be one or more tables"),
        (GOOD + "[translations.de]\nname = 'A'\n", 12, "refusal is missing."),
    ],
)  # fmt: skip
def test_refused_value_names_the_line_of_its_key(text: str, line: int, words: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        schedule_file.parse(text, "x.toml")

    assert str(refused.value).startswith(f"x.toml, line {line}: {words}")
