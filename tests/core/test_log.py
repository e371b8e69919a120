"""Lines about bugs: the kind and the place, and nothing that somebody wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import structlog

from core import log

# A name of its own, for a trace shows the lines of the code.
GUEST = "ada@example.org"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def fail_over(guest: str) -> None:
    """Fail with the guest's name in the words of two errors."""
    try:
        raise KeyError(guest)
    except KeyError as error:
        raise ValueError(f"no place for {guest}") from error


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_log_entry_of_a_bug_has_error_types_and_places_and_no_messages(
    log_format: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    log.configure(log_format)
    try:
        fail_over(GUEST)
    except ValueError as error:
        log.get_logger("tests").error("planted", exc_info=error)
        log.get_logger("tests").exception("planted")

    recorded = capsysbinary.readouterr().out.decode()

    assert GUEST not in recorded
    for part in ("planted", "KeyError", "ValueError", "in fail_over", "test_log.py"):
        assert recorded.count(part) >= 2, part


def test_a_line_about_a_bug_is_one_line_of_json(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    log.configure("json")
    try:
        fail_over(GUEST)
    except ValueError:
        log.get_logger("tests").exception("planted", slot="a")

    line = json.loads(capsysbinary.readouterr().out)

    assert (line["event"], line["level"], line["part"], line["slot"]) == ("planted", "error", "tests", "a")
    assert line["exception"].endswith("\nValueError")
