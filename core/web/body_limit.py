"""Body reader: WSGI middleware that reads a request's body completely, up to a limit of bytes and seconds.

The WSGI input can stall. Without a declared length, it would be cut off at the limit as if it ended there.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NoReturn

from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestTimeout

BODY_TIMEOUT = 10.0
# A server sets it in the environ of a request whose body it has received; there is nothing to wait for.
BODY_COMPLETE = "booking.body_complete"
Within = Callable[[float], AbstractContextManager[object]]


class BodyReaderMiddleware:
    """Passes `app` requests whose bodies of up to `most` bytes are in memory.

    `within(seconds)` makes a block raise TimeoutError after that time. A server that supports it sets it; by default
    the server's own timeout applies.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], most: int, seconds: float = BODY_TIMEOUT) -> None:
        self._app = app
        self._most = most
        self._seconds = seconds
        self.within: Within = nullcontext

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Read the body unless its declared length exceeds the limit, then call the application."""
        if environ.get(BODY_COMPLETE):
            return self._app(environ, start_response)
        if "HTTP_TRANSFER_ENCODING" in environ:
            self._read(environ, self._most + 1)
        else:
            length = _declared_length(environ)
            if 0 < length <= self._most:
                self._read(environ, length)
        return self._app(environ, start_response)

    def _read(self, environ: dict[str, Any], most: int) -> None:
        try:
            with self.within(self._seconds):
                body = environ["wsgi.input"].read(most)
        except TimeoutError:
            environ["wsgi.input"] = FailedBody(RequestTimeout())
            return
        if environ.pop("HTTP_TRANSFER_ENCODING", None) is not None:
            # The length is known now; a body over the limit is refused like one that declares its length.
            environ["CONTENT_LENGTH"] = str(len(body))
        elif len(body) < most:
            environ["wsgi.input"] = FailedBody(ClientDisconnected())
            return
        environ["wsgi.input"] = io.BytesIO(body)


class FailedBody:
    """The body of a request that was not received; reading it raises the reason."""

    def __init__(self, error: HTTPException) -> None:
        self._error = error

    def read(self, *_: object) -> NoReturn:
        raise self._error


def _declared_length(environ: dict[str, Any]) -> int:
    declared = environ.get("CONTENT_LENGTH") or "0"
    return int(declared) if declared.isdecimal() else 0
