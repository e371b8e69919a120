"""Requests that the HTTP parser refuses: the problem shape, the headers of every answer, a log line without content."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.web.security_headers import SECURITY_HEADERS
from tests.conftest import Served
from tests.core.web.server.http_connection import Answer, connected, exchange, parse, read_answer

MARK = "ada.lovelace%40example.org"


def head(request_line: str, *lines: str) -> bytes:
    """Return the head of a request with `lines` after its first two headers."""
    return "\r\n".join((request_line, "Host: x", f"X-Mark: {MARK}", *lines, "", "")).encode()


MALFORMED = {
    "no request line": f"{MARK}\r\n\r\n".encode(),
    "lower-case method": head(f"get /?q={MARK} HTTP/1.1"),
    "no version": head(f"GET /?q={MARK}"),
    "strange version": head(f"GET /?q={MARK} HTTP/3.7"),
    "control character": head(f"GET /?q={MARK}\x01 HTTP/1.1"),
    "bare line feed": f"GET /?q={MARK} HTTP/1.1\nHost: x\n\n".encode(),
    "two hosts": head("GET / HTTP/1.1", f"Host: {MARK}"),
    "two lengths": head("POST / HTTP/1.1", "Content-Length: 3", "Content-Length: 4") + b"abcd",
    "a length of letters": head("POST / HTTP/1.1", f"Content-Length: {MARK}"),
    "folded header": head("GET / HTTP/1.1", "A: b", f" c{MARK}"),
    "header without a name": head("GET / HTTP/1.1", f": {MARK}"),
    "blank in a name": head("GET / HTTP/1.1", f"A {MARK}: b"),
    "null in a value": head("GET / HTTP/1.1", f"A: {MARK}\0"),
    "chunked and a length": head("POST / HTTP/1.1", "Transfer-Encoding: chunked", "Content-Length: 5") + b"0\r\n\r\n",
    "broken chunk": head("POST /api/bookings HTTP/1.1", "Transfer-Encoding: chunked") + f"{MARK}\r\n".encode(),
}
BROKEN: dict[str, tuple[bytes, int, str]] = {
    **{name: (request_bytes, 400, "bad_request") for name, request_bytes in MALFORMED.items()},
    "long target": (head(f"GET /?q={MARK}{'a' * 5000} HTTP/1.1"), 414, "uri_too_long"),
    "expectation": (head("GET / HTTP/1.1", f"Expect: {MARK}"), 417, "expectation_failed"),
    "long header": (head("GET / HTTP/1.1", f"A: {'a' * 9000}"), 431, "headers_too_large"),
    "many headers": (
        head("GET / HTTP/1.1", *(f"A{number}: b" for number in range(120))),
        431,
        "headers_too_large",
    ),
    "unknown coding": (head("POST / HTTP/1.1", f"Transfer-Encoding: {MARK}"), 501, "not_implemented"),
}


def assert_is_problem(answer: Answer, status: int, code: str) -> None:
    payload: dict[str, Any] = json.loads(answer.body)
    assert (answer.status, payload["status"], payload["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["connection"] == "close"
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert answer.headers["x-request-id"] == payload["requestId"]
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name.lower()] == value
    assert MARK not in answer.body.decode()


@pytest.mark.parametrize(("request_bytes", "status", "code"), BROKEN.values(), ids=BROKEN)
def test_broken_request_is_answered_as_a_problem_and_logged(
    request_bytes: bytes, status: int, code: str, service: Served
) -> None:
    before = len(log_lines(service))

    answer = parse(exchange(service, request_bytes))

    assert_is_problem(answer, status, code)
    lines = log_lines(service)[before:]
    (line,) = [json.loads(line) for line in lines]
    assert (line["event"], line["status"], line["outcome"]) == ("request", status, code)
    assert (line["method"], line["route"]) == ("OTHER", "unmatched")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert MARK not in service.log.read_text()
    assert "127.0.0.1" not in service.log.read_text()


def test_broken_request_after_a_good_one_is_answered_too(service: Served) -> None:
    with connected(service) as sock:
        sock.sendall(b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(sock).status == 200
        sock.sendall(b"GET /api/health HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")

        assert_is_problem(read_answer(sock), 400, "bad_request")


def test_refused_client_that_goes_on_sending_reads_the_answer(service: Served) -> None:
    with connected(service) as sock:
        sock.sendall(b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + b"A: b\r\n" * 5000)

        assert_is_problem(read_answer(sock), 414, "uri_too_long")


def log_lines(service: Served) -> list[str]:
    return service.log.read_text().splitlines()
