"""Structured logging with structlog: named events with keywords, as JSON lines or for a console; no personal data."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from traceback import TracebackException
from typing import Any, cast

import orjson
import structlog

from core.clock import utc_timestamp

Log = structlog.stdlib.BoundLogger
_REQUEST_ID: ContextVar[str] = ContextVar("logged_request_id", default="")
# The output of `EventLog` while lines are JSON.
_json_output: structlog.BytesLogger | None = None


def configure(log_format: str) -> None:
    """Configure structlog for this process; `log_format` is `json` or `console`."""
    shared: list[Any] = [
        _add_request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_render_traceback),
    ]
    global _json_output  # noqa: PLW0603  # one output per process, as structlog's own configuration
    _json_output = None
    if log_format == "json":
        _json_output = structlog.BytesLogger(sys.stdout.buffer)
        structlog.configure(
            processors=[*shared, _to_json],
            logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            cache_logger_on_first_use=True,
        )
    else:
        structlog.configure(
            processors=[*shared, structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())],
            logger_factory=structlog.PrintLoggerFactory(sys.stdout),
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            cache_logger_on_first_use=True,
        )


def get_logger(name: str) -> Log:
    """Return the logger of a part of the service; its lines carry `part=name`."""
    return cast("Log", structlog.get_logger(part=name))


def set_request_id(request_id: str) -> None:
    """Add `request_id` to every later log line of this request."""
    _REQUEST_ID.set(request_id)


class EventLog:
    """Logs events of one part at level info; as JSON without structlog's chain of processors.

    The line has the members and the order of one that structlog writes.
    """

    def __init__(self, part: str) -> None:
        self._part = part
        self._logger = get_logger(part)

    def info(self, event: str, **values: Any) -> None:
        """Write one line about `event` with `values`."""
        output = _json_output
        if output is None:
            self._logger.info(event, **values)
            return
        line = {"part": self._part, **values, "event": event, "request_id": _REQUEST_ID.get()}
        line["level"] = "info"
        line["timestamp"] = utc_timestamp()
        output.info(orjson.dumps(line, default=str))


def _add_request_id(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    request_id = _REQUEST_ID.get()
    if request_id:
        event["request_id"] = request_id
    return event


def _render_traceback(exc_info: structlog.typing.ExcInfo) -> str:
    """Return the tracebacks of an error and its causes, without their messages, which may contain personal data."""
    return "\n".join(_format_chain(TracebackException(*exc_info)))


def _format_chain(error: TracebackException) -> Iterator[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause:
        yield from _format_chain(cause)
        yield "And then:"
    yield "".join(error.stack.format()) + (error.exc_type.__name__ if error.exc_type else "")


def _to_json(_logger: Any, _name: str, event: structlog.typing.EventDict) -> bytes:
    return orjson.dumps(event, default=str)
