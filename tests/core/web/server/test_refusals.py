"""Requests that the HTTP parser refuses: the problem shape, the headers of every answer, a log line without content."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.web.security_headers import SECURITY_HEADERS
from tests.conftest import Served
from tests.core.web.server.http_connection import Answer, connected, exchange, parse, read_answer

MARK = "ada.lovelace%40example.org"
HOST = f"Host: x\r\nX-Mark: {MARK}\r\n"
BROKEN: dict[str, tuple[bytes, int, str]] = {
    "no request line": (f"{MARK}\r\n\r\n".encode(), 400, "bad_request"),
    "lower-case method": (f"get /?q={MARK} HTTP/1.1\r\n{HOST}\r\n".encode(), 400, "bad_request"),
    "no version": (f"GET /?q={MARK}\r\n{HOST}\r\n".encode(), 400, "bad_request"),
    "strange version": (f"GET /?q={MARK} HTTP/3.7\r\n{HOST}\r\n".encode(), 400, "bad_request"),
    "control character": (f"GET /?q={MARK}\x01 HTTP/1.1\r\n{HOST}\r\n".encode(), 400, "bad_request"),
    "bare line feed": (f"GET /?q={MARK} HTTP/1.1\nHost: x\n\n".encode(), 400, "bad_request"),
    "two hosts": (f"GET / HTTP/1.1\r\n{HOST}Host: {MARK}\r\n\r\n".encode(), 400, "bad_request"),
    "two lengths": (
        f"POST / HTTP/1.1\r\n{HOST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd".encode(),
        400,
        "bad_request",
    ),
    "a length of letters": (f"POST / HTTP/1.1\r\n{HOST}Content-Length: {MARK}\r\n\r\n".encode(), 400, "bad_request"),
    "folded header": (f"GET / HTTP/1.1\r\n{HOST}A: b\r\n c{MARK}\r\n\r\n".encode(), 400, "bad_request"),
    "header without a name": (f"GET / HTTP/1.1\r\n{HOST}: {MARK}\r\n\r\n".encode(), 400, "bad_request"),
    "blank in a name": (f"GET / HTTP/1.1\r\n{HOST}A {MARK}: b\r\n\r\n".encode(), 400, "bad_request"),
    "null in a value": (f"GET / HTTP/1.1\r\n{HOST}A: {MARK}\0\r\n\r\n".encode(), 400, "bad_request"),
    "chunked and a length": (
        f"POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n".encode(),
        400,
        "bad_request",
    ),
    "broken chunk": (
        f"POST /api/bookings HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n{MARK}\r\n".encode(),
        400,
        "bad_request",
    ),
    "long target": (f"GET /?q={MARK}{'a' * 5000} HTTP/1.1\r\n{HOST}\r\n".encode(), 414, "uri_too_long"),
    "expectation": (f"GET / HTTP/1.1\r\n{HOST}Expect: {MARK}\r\n\r\n".encode(), 417, "expectation_failed"),
    "long header": (f"GET / HTTP/1.1\r\n{HOST}A: {'a' * 9000}\r\n\r\n".encode(), 431, "headers_too_large"),
    "many headers": (
        f"GET / HTTP/1.1\r\n{HOST}{''.join(f'A{number}: b' + chr(13) + chr(10) for number in range(120))}\r\n".encode(),
        431,
        "headers_too_large",
    ),
    "unknown coding": (
        f"POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: {MARK}\r\n\r\n".encode(),
        501,
        "not_implemented",
    ),
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
