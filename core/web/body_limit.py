"""Request bodies: read whole before anything looks at them, never more than is taken, and not for ever.

What a server hands on is a stream that may stop for good in its middle; and one without a declared length would be cut
off at the limit as if it ended there.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NoReturn

from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestTimeout

BODY_TIMEOUT = 10.0
Within = Callable[[float], AbstractContextManager[object]]


class BodyReaderMiddleware:
    """WSGI middleware: gives `app` bodies of up to `most` bytes that are there already.

    `within(seconds)` makes a block raise TimeoutError when it takes longer. A server that can do so sets it; without,
    bodies are waited for as long as the server waits.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], most: int, seconds: float = BODY_TIMEOUT) -> None:
        """Stand before `app`."""
        self._app, self._most, self._seconds = app, most, seconds
        self.within: Within = nullcontext

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Read the body, if there is one that is not too long as it says itself, and go on."""
        if "HTTP_TRANSFER_ENCODING" in environ:
            self._read(environ, self._most + 1)
        else:
            declared = environ.get("CONTENT_LENGTH") or "0"
            length = int(declared) if declared.isdecimal() else 0
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
            # Its length is known now; one that is too long says so, and is refused like others.
            environ["CONTENT_LENGTH"] = str(len(body))
        elif len(body) < most:
            environ["wsgi.input"] = FailedBody(ClientDisconnected())
            return
        environ["wsgi.input"] = io.BytesIO(body)


class FailedBody:
    """A body that did not come."""

    def __init__(self, error: HTTPException) -> None:
        self._error = error

    def read(self, *_: object) -> NoReturn:
        """Tell whoever wants it why."""
        raise self._error
