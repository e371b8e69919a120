"""Server logger: gunicorn's messages, and errors that nothing handles, become lines of the structured log."""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any

import gevent
from gunicorn.glogging import Logger

from core import log

LOG = log.get_logger("web.server")


class StructuredHandler(logging.Handler):
    """Passes gunicorn's records to the structured log, tracebacks without the messages of their errors."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record."""
        content = {"message": record.getMessage(), "exc_info": record.exc_info or None}
        if record.levelno >= logging.ERROR:
            LOG.error("server_error", **content)
        else:
            LOG.warning("server_warning", **content)


class ServerLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's logger; its error log is the structured log."""

    def setup(self, cfg: Any) -> None:
        """Configure the logger as gunicorn does, then replace its handlers of the error log."""
        super().setup(cfg)
        handler = StructuredHandler()
        handler._gunicorn = True  # type: ignore[attr-defined]  # by this mark gunicorn removes it at a reload
        self.error_log.handlers = [handler]


def log_unhandled_errors() -> None:
    """Log what would be printed: errors of greenlets, threads and finalisers."""
    gevent.get_hub().print_exception = _on_greenlet_error
    threading.excepthook = _on_thread_error
    sys.unraisablehook = _on_unraisable_error


def _on_greenlet_error(_context: Any, kind: Any, error: Any, traceback: Any) -> None:
    LOG.error("unhandled_error", source="greenlet", exc_info=(kind, error, traceback))


def _on_thread_error(failed: threading.ExceptHookArgs) -> None:
    LOG.error("unhandled_error", source="thread", exc_info=(failed.exc_type, failed.exc_value, failed.exc_traceback))


def _on_unraisable_error(failed: Any) -> None:
    LOG.error("unhandled_error", source="finaliser", exc_info=(failed.exc_type, failed.exc_value, failed.exc_traceback))
