"""Plain exchange: one request and its answer as gunicorn's objects, the answer's head and body sent together."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from typing import Any

from gunicorn import SERVER
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.errors import InvalidResponseHeader, InvalidResponseHeaderName
from gunicorn.http.message import TOKEN_RE
from gunicorn.http.unreader import SocketUnreader
from gunicorn.http.wsgi import HEADER_VALUE_RE, Response
from gunicorn.util import http_date, is_hoppish

from core.web.server.client_socket import ClientSocket

# Larger bodies are sent after their head: copying them behind it would cost more than the second send.
MAX_JOINED = 262_144
MAX_KINDS = 256
SKIPPED_BYTES = 8192
ORDINARY, LENGTH, HOP_BY_HOP = 0, 1, 2

_kinds: dict[str, int] = {}


class PlainBody:
    """A body of `length` bytes, of which `received` is there; the rest is read when the application asks for it."""

    __slots__ = ("_reader", "_unreader", "stream")

    def __init__(self, client: ClientSocket, received: bytes, length: int) -> None:
        self._reader: Any = None
        if len(received) == length:
            self.stream: Any = BytesIO(received)
            return
        self._unreader = SocketUnreader(client)
        self._unreader.unread(received)
        self._reader = LengthReader(self._unreader, length)
        self.stream = Body(self._reader)

    @property
    def is_complete(self) -> bool:
        """Return whether the whole body has been received."""
        return self._reader is None or self._reader.length == 0

    @property
    def has_failed(self) -> bool:
        """Return whether the application waited for the body in vain."""
        return self._reader is not None and self.stream.failed

    def skip_rest(self) -> bytes | None:
        """Read what the application has not; returns what follows the body, None if the body does not come."""
        if self._reader is None:
            return b""
        while self._reader.length:
            wanted = min(self._reader.length, SKIPPED_BYTES)
            # The reader counts the bytes that it was asked for as read, also if the connection ended before.
            if len(self._reader.read(wanted)) < wanted:
                return None
        return bytes(self._unreader.take_buffered())


class PlainRequest:
    """A request as gunicorn's hooks and its response read it."""

    version = (1, 1)

    def __init__(self, environ: dict[str, Any], number: int, body: PlainBody) -> None:
        self._environ = environ
        self._body = body
        self.req_number = number
        self.method = environ["REQUEST_METHOD"]

    @property
    def uri(self) -> str:
        return str(self._environ["RAW_URI"])

    @property
    def path(self) -> str:
        return self.uri.partition("?")[0]

    @property
    def query(self) -> str:
        return str(self._environ["QUERY_STRING"])

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Return the fields with upper-case names."""
        found = []
        for key, value in self._environ.items():
            if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                found.append((key.removeprefix("HTTP_").replace("_", "-"), value))
        return found

    def should_close(self) -> bool:
        """Return whether the connection ends with the answer."""
        return self._environ.get("HTTP_CONNECTION", "").lower() == "close" or self._body.has_failed


class PlainResponse(Response):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's response; the head waits for the first bytes of the body."""

    _head = b""
    headers_sent: bool
    # Whether anything was given to the connection.
    sent_anything = False
    is_last: Callable[[], bool]

    def should_close(self) -> bool:
        """Return whether the connection ends with the answer, also because the worker stops."""
        return bool(super().should_close()) or self.is_last()

    def process_headers(self, headers: list[tuple[str, str]]) -> None:
        """Check the headers as gunicorn does, with what was found out about their names before."""
        for name, value in headers:
            kind = _kinds.get(name)
            if kind is None:
                kind = _classify(name)
            if not (value.isascii() and value.isprintable()) and not HEADER_VALUE_RE.fullmatch(value):
                raise InvalidResponseHeader(repr(name))
            if kind == HOP_BY_HOP:
                continue
            if kind == LENGTH:
                self.response_length = int(value)
            self.headers.append((name, value.strip(" \t")))

    def send_headers(self) -> None:
        """Make the head; it is sent with what follows."""
        if self.headers_sent:
            return
        connection = "close" if self.should_close() else "keep-alive"
        lines = [f"HTTP/1.1 {self.status}\r\nServer: {SERVER}\r\nDate: {_date(int(time.time()))}\r\n"]
        lines.append(f"Connection: {connection}\r\n")
        if self.chunked:
            lines.append("Transfer-Encoding: chunked\r\n")
        for name, value in self.headers:
            lines.append(f"{name}: {value}\r\n")
        lines.append("\r\n")
        self._head = "".join(lines).encode("latin-1")
        self.headers_sent = True

    def write_file(self, respiter: Any) -> None:
        """Send a file, a small one with the head."""
        if self.response_length is not None and self.response_length <= MAX_JOINED:
            self.write(respiter.filelike.read(self.response_length))
            return
        self.send_headers()
        self._flush()
        super().write_file(respiter)

    def close(self) -> None:
        """Send what is left of the answer."""
        self.send_headers()
        self._flush(b"0\r\n\r\n" if self.chunked else b"")

    def _emit_body(self, data: bytes) -> None:
        if self.chunked:
            data = b"%X\r\n%b\r\n" % (len(data), data)
        if len(data) > MAX_JOINED:
            self._flush()
        self._flush(data)

    def _flush(self, data: bytes = b"") -> None:
        pending = self._head + data if self._head else data
        self._head = b""
        if pending:
            self.sent_anything = True
            self.sock.sendall(pending)


def _classify(name: str) -> int:
    """Return the kind of a header that was not seen before; raises InvalidResponseHeaderName."""
    if not TOKEN_RE.fullmatch(name):
        raise InvalidResponseHeaderName(repr(name))
    kind = HOP_BY_HOP if is_hoppish(name) else ORDINARY
    if name.lower() == "content-length":
        kind = LENGTH
    if len(_kinds) < MAX_KINDS:
        _kinds[name] = kind
    return kind


@lru_cache(1)
def _date(second: int) -> str:
    return str(http_date(second))
