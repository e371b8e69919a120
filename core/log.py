"""Structured logging with structlog: named events with keywords, as JSON lines or for a console; no personal data."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from traceback import TracebackException
from typing import Any, cast

import orjson
import structlog

Log = structlog.stdlib.BoundLogger


def configure(log_format: str) -> None:
    """Configure structlog for this process; `log_format` is `json` or `console`."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_render_traceback),
    ]
    if log_format == "json":
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


def bind(**values: str) -> None:
    """Add `values` to every later log line of this request."""
    structlog.contextvars.bind_contextvars(**values)


def clear() -> None:
    """Remove the values of `bind` before a new request."""
    structlog.contextvars.clear_contextvars()


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
