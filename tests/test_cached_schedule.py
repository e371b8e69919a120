"""Applications share the default schedule as it is in its file; every other file is read again."""

from __future__ import annotations

from pathlib import Path

from core.config.settings import ROOT
from schedules import schedule_file
from tests.cached_schedule import DEFAULT, load


def test_cached_schedule_equals_the_file_and_is_read_once() -> None:
    assert load(DEFAULT) == schedule_file.load(ROOT / "schedules" / "march_2026.toml")
    assert load(DEFAULT) is load(DEFAULT)


def test_changed_file_of_a_test_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "march_2026.toml"
    text = DEFAULT.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    before = load(path).name
    path.write_text(text.replace(before, "Another name", 1), encoding="utf-8")

    assert load(path).name == "Another name"
