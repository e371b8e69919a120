"""Mutated request heads, and what gunicorn's own parser makes of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from gunicorn.http.wsgi import create

HEADS = (
    b"GET /api/slots?date=2026-03-05 HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n",
    b"GET /a%20b%ff//c;d=e:8?f=%41&g HTTP/1.1\r\nHost: x:80\r\nConnection: keep-alive\r\nCookie: a=b; c=d\r\n\r\n",
    b'POST /api/bookings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}',
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"PATCH /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\nX-Request-ID: 5\r\n\r\n",
    b"HEAD /*?a#b HTTP/1.1\r\nHost: x\r\nX_Y: 1\r\nX-Y: 2\r\n\r\n",
    b"DELETE http://x/y HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\nOrigin: null\r\n\r\n",
)
TOKENS = (
    b"\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b":", b": ", b"\x7f", b"\x80", b"\xff", b"\x0b", b"\x1c", b"\x85",
    b"/", b"//", b"?", b"#", b"%", b"%0d%0a", b"%2F", b"[", b"]", b"@", b"HTTP/1.0", b"HTTP/1.1", b"HTTP/2.0", b"get",
    b"\r\nHost: y", b"\r\nhost: y", b"\r\n folded", b"\r\n\tfolded", b"\r\nContent-Length: 3", b"\r\ncontent-length: 0",
    b"\r\nContent-Length: +1", b"\r\nContent-Length: \xb2", b"\r\nContent-Length: 1, 1", b"\r\nContent_Length: 1",
    b"\r\nTransfer-Encoding: identity", b"\r\ntransfer-encoding: chunked", b"\r\nTransfer-Encoding : chunked",
    b"\r\nExpect: 100-continue", b"\r\nExpect: x", b"\r\nUpgrade: h2c", b"\r\nConnection: close, upgrade",
    b"\r\nConnection: Close ", b"\r\nConnection:keep-alive", b"\r\nX-A: 1\r\nX-A: 2", b"\r\nX_A: 1", b"\r\n: x",
    b"\r\nX",
    b"\r\nX-A:", b"\r\nX-A: \t b \t", b"\r\nContent-Type: a\r\nContent-Type: b", b"\r\n\r\n", b"\r\nScript_Name: /api",
)  # fmt: skip
KEYS = ("REQUEST_METHOD", "RAW_URI", "PATH_INFO", "QUERY_STRING", "SERVER_PROTOCOL", "CONTENT_TYPE", "CONTENT_LENGTH")
CONFIG = Config()
for name, value in (("secure_scheme_headers", {}), ("forwarder_headers", ""), ("forwarded_allow_ips", "*")):
    CONFIG.set(name, value)


def mutated(count: int, seed: int) -> Iterator[bytes]:
    """Yield `count` heads with the bytes that follow them, each with up to four changes."""
    chance = random.Random(seed)
    for _ in range(count):
        data = bytearray(chance.choice(HEADS))
        for _ in range(chance.randint(0, 4)):
            _change(chance, data)
        yield bytes(data)


def _change(chance: random.Random, data: bytearray) -> None:
    place = chance.randrange(len(data) + 1)
    kind = chance.randrange(5)
    if kind == 0:
        data[place:place] = chance.choice(TOKENS)
    elif kind == 1:
        end = data.find(b"\r\n", place)
        if end >= 0:
            data[end:end] = chance.choice(TOKENS)
    elif kind == 2:
        del data[place : place + chance.randint(1, 3)]
    elif kind == 3:
        data[place : place + 1] = bytes([chance.randrange(256)])
    else:
        other = chance.choice(HEADS)
        start = chance.randrange(len(other))
        data[place:place] = other[start : start + chance.randint(1, 40)]


def gunicorn_verdict(data: bytes) -> dict[str, Any] | None:
    """Return the environ, framing and rest of a request as gunicorn parses it, None if it refuses it."""
    source = IterUnreader([data])
    try:
        request = Request(CONFIG, source, ("192.0.2.1", 5))
        _, environ = create(request, Sink(), ("192.0.2.1", 5), ("x", 80), CONFIG)
    except (ParseException, OSError, StopIteration):
        return None
    verdict = relevant(environ)
    verdict["length"] = getattr(request.body.reader, "length", None)
    verdict["close"] = request.should_close()
    verdict["rest"] = source.take_buffered()
    return verdict


def relevant(environ: dict[str, Any]) -> dict[str, Any]:
    """Return what a client determines of an environ."""
    return {key: value for key, value in environ.items() if key in KEYS or key.startswith("HTTP_")}


class Sink:
    """A connection that takes the interim answers of gunicorn."""

    def send(self, data: bytes) -> int:
        return len(data)
