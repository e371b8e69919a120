"""Lines about bugs: the kind and the place, and nothing that somebody wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

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
    log.set_request_id("")


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


def test_event_log_writes_the_line_that_structlog_writes(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2026, 3, 5, 9, 0, 0, 123456, tzinfo=UTC)
    monkeypatch.setattr(log, "utc_timestamp", lambda: "2026-03-05T09:00:00.123456Z")
    monkeypatch.setattr(structlog.processors.TimeStamper, "__call__", partial(stamped, moment))
    log.configure("json")
    log.set_request_id("id-1")
    values = {"method": "POST", "status": 201, "duration_ms": 1.25, "outcome": ""}

    log.EventLog("web").info("request", **values)
    direct = capsysbinary.readouterr().out
    log.get_logger("web").info("request", **values)

    assert direct == capsysbinary.readouterr().out
    assert direct.count(b"id-1") == 1


def stamped(moment: datetime, _logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "timestamp": moment.isoformat().replace("+00:00", "Z")}


def test_event_log_writes_to_the_console_through_structlog(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    log.configure("console")

    log.EventLog("web").info("request", status=201)

    assert b"status=201" in re.sub(rb"\x1b\[[0-9;]*m", b"", capsysbinary.readouterr().out)
