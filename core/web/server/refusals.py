"""Refusals of the server: a request that the HTTP parser refuses is answered and logged by the application."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, request
from gunicorn import SERVER
from gunicorn.http import errors
from gunicorn.util import http_date
from werkzeug.exceptions import HTTPException, default_exceptions

# The reason in the WSGI environ of a request that was not parsed.
REFUSAL = "booking.refusal"
# A path that no route matches: what the client sent is not known to be a path, and may contain personal data.
UNPARSED_PATH = "/api/*"
STATUS_OF: tuple[tuple[type[Exception], int], ...] = (
    (errors.InvalidResponseHeader, 500),
    (errors.InvalidResponseHeaderName, 500),
    (errors.ConfigurationProblem, 500),
    (errors.ForbiddenProxyRequest, 403),
    (errors.LimitRequestLine, 414),
    (errors.ExpectationFailed, 417),
    (errors.LimitRequestHeaders, 431),
    (errors.UnsupportedTransferCoding, 501),
    (errors.ParseException, 400),
)

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def install(app: Flask) -> None:
    """Let `app` answer the requests that the server refuses; its rate limits come later and do not count them."""
    app.before_request(_raise_refusal)


def _raise_refusal() -> None:
    reason = request.environ.get(REFUSAL)
    if reason is not None:
        raise reason


def status_of(error: BaseException) -> int:
    """Return the status for an error of gunicorn's parser, 500 for any other error."""
    for kind, status in STATUS_OF:
        if isinstance(error, kind):
            return status
    return 500


def answer(app: WsgiApp, environ: dict[str, Any], error: BaseException) -> bytes:
    """Return the whole HTTP response of `app` to a request that failed with `error`, for a connection that ends."""
    head: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
        head.append(f"HTTP/1.1 {status}")
        head.extend(f"{name}: {value}" for name, value in headers)

    environ[REFUSAL] = _reason(error)
    chunks = app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    head.extend((f"Server: {SERVER}", f"Date: {http_date()}", "Connection: close", "", ""))
    return "\r\n".join(head).encode("latin-1") + body


def unparsed_environ(base: dict[str, Any], body: Any, address: str) -> dict[str, Any]:
    """Return the WSGI environ of a request of which only the client's address is known."""
    return {
        **base,
        "wsgi.input": body,
        "wsgi.url_scheme": "http",
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": UNPARSED_PATH,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": address,
    }


def _reason(error: BaseException) -> BaseException:
    status = status_of(error)
    if status == 500:
        return error
    kind: type[HTTPException] = default_exceptions[status]
    return kind()
