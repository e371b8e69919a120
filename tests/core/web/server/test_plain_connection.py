"""Plain connections: answered as gunicorn answers them, in one send, and left to it with the first unusual head."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from gunicorn.config import Config
from gunicorn.http.wsgi import FileWrapper

from core.web.server import plain_exchange
from core.web.server.client_socket import ClientSocket
from core.web.server.connections import ClientConnection
from core.web.server.plain_connection import HostWorker, PlainConnection, environ_of, serves_plain
from core.web.server.plain_exchange import MAX_JOINED
from tests.conftest import Served
from tests.core.web.server.http_connection import Answer, connected, parse, read_answer, read_to_end
from tests.factories import person

# gunicorn reads this connection itself: the field is unusual.
UNUSUAL = "Keep-Alive: timeout=5\r\n"
GET = "GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n"
VARYING = {"date", "expires", "x-request-id", "ratelimit-remaining", "ratelimit-reset", "etag", "set-cookie"}
JSON = "Content-Type: application/json\r\n"
REQUESTS = {
    "get": "GET /api/health HTTP/1.1\r\nHost: x\r\n{}\r\n",
    "page": "GET / HTTP/1.1\r\nHost: x\r\n{}\r\n",
    "head": "HEAD /api/dates HTTP/1.1\r\nHost: x\r\n{}\r\n",
    "options": "OPTIONS /api/dates HTTP/1.1\r\nHost: x\r\n{}\r\n",
    "query and escapes": "GET /api/slots?date=2026-03-05&x=%C3%A4 HTTP/1.1\r\nHost: x\r\n{}\r\n",
    "not found": "GET /api/%E4%20nothing HTTP/1.1\r\nHost: x\r\n{}\r\n",
    "doubled slash": "GET /api//dates HTTP/1.1\r\nHost: x\r\n{}\r\n",
    "static file": "GET /static/live.js HTTP/1.1\r\nHost: x\r\n{}\r\n",
    "large file": "GET /api/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n{}\r\n",
    "head of a file": "HEAD /api/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n{}\r\n",
    "empty post": "POST /api/bookings HTTP/1.1\r\nHost: x\r\n{}Content-Length: 0\r\n\r\n",
    "json": "POST /api/bookings HTTP/1.1\r\nHost: x\r\n{}" + JSON + "Content-Length: 2\r\n\r\n{{}}",
    "wrong json": "POST /api/bookings HTTP/1.1\r\nHost: x\r\n{}" + JSON + "Content-Length: 1\r\n\r\n{{",
    "too large": "POST /api/bookings HTTP/1.1\r\nHost: x\r\n{}" + JSON + "Content-Length: 40000\r\n\r\n" + "x" * 40_000,
    "metrics": "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n{}\r\n",
}  # fmt: skip


def stable(answer: Answer) -> tuple[int, dict[str, str], int]:
    """Return what two answers to one request have in common."""
    headers = {name: value for name, value in answer.headers.items() if name not in VARYING}
    return answer.status, headers, len(answer.body)


@pytest.mark.parametrize("request_text", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("connection", ["", "Connection: close\r\n", "Connection: keep-alive\r\n"])
def test_plain_request_is_answered_as_gunicorn_answers_it(request_text: str, connection: str, service: Served) -> None:
    answers = []
    for unusual in ("", UNUSUAL):
        with connected(service) as sock:
            sock.sendall(request_text.format(connection + unusual).encode())
            answers.append(read_answer(sock, has_body=not request_text.startswith("HEAD")))

    assert stable(answers[0]) == stable(answers[1])


def test_connection_is_kept_and_left_to_gunicorn_with_an_unusual_head(service: Served) -> None:
    slot, *_ = service.api.slots()
    body = json.dumps({**person(), "slotId": slot["_id"], "date": slot["date"]})
    chunked = (
        "POST /api/bookings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        f"{len(body):x}\r\n{body}\r\n0\r\n\r\n"
    )
    with connected(service) as sock:
        for request, status in ((GET, 200), (GET, 200), (chunked, 201), (GET, 200)):
            sock.sendall(request.encode())
            assert read_answer(sock).status == status


def test_head_in_parts_is_plain_and_one_that_stalls_ends_the_connection(service: Served) -> None:
    with connected(service) as sock, connected(service) as stalled:
        stalled.sendall(GET[:20].encode())
        for part in (GET[:5], GET[5:20], GET[20:]):
            sock.sendall(part.encode())
            time.sleep(0.1)

        assert read_answer(sock).status == 200
        assert read_to_end(stalled) == b""


def test_unread_body_is_skipped_before_the_next_request(service: Served) -> None:
    head = f"POST /api/bookings HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: 40000\r\n\r\n"
    with connected(service) as sock:
        sock.sendall(head.encode())
        assert read_answer(sock).status == 413

        sock.sendall(b"x" * 40_000 + GET.encode())

        assert read_answer(sock).status == 200


def test_pipelined_requests_are_answered_in_order(service: Served) -> None:
    body = "POST /api/bookings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    last = "GET /api/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with connected(service) as sock:
        sock.sendall((GET + body + GET + last + GET).encode())
        received = read_to_end(sock)

    statuses = [part.split(b" ", 1)[0] for part in received.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"400", b"200", b"404"]


def test_body_in_parts_is_read_and_the_next_request_follows(service: Served) -> None:
    slot, *_ = service.api.slots()
    body = json.dumps({**person(), "slotId": slot["_id"], "date": slot["date"]}).encode()
    head = f"POST /api/bookings HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: {len(body)}\r\n\r\n"
    with connected(service) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(head.encode())
        time.sleep(0.2)
        sock.sendall(body[:30])
        time.sleep(0.2)
        sock.sendall(body[30:] + GET.encode())

        assert read_answer_before(sock, GET_STATUS) == 201


GET_STATUS = b"HTTP/1.1 200"


def read_answer_before(sock: socket.socket, following: bytes) -> int:
    """Return the status of the first of two answers, once the second has begun."""
    received = b""
    while following not in received:
        chunk = sock.recv(65_536)
        assert chunk, received
        received += chunk
    return parse(received).status


# In this process: a worker of its own over a pair of sockets


class Worker:
    """gunicorn's worker as a plain connection uses it."""

    log = logging.getLogger("tests")

    def __init__(self, wsgi: Callable[..., Any]) -> None:
        self.cfg, self.wsgi = Config(), wsgi
        self.alive, self.nr, self.max_requests = True, 0, 1000
        self.errors: list[BaseException] = []

    def handle_error(self, _req: Any, client: Any, _addr: Any, exc: BaseException) -> None:
        self.errors.append(exc)
        client.sendall(b"HTTP/1.1 500 Error\r\nContent-Length: 0\r\n\r\n")


class Listener:
    """A listening socket's address."""

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", 8000


def answered(wsgi: Callable[..., Any], *requests: str, worker: Worker | None = None) -> tuple[list[bytes], Worker]:
    """Return what each `send` gave to the client of an application that got `requests` at once."""
    host = worker or Worker(wsgi)
    near, far = socket.socketpair()
    far.settimeout(30)
    sends: list[bytes] = []
    handed_over: list[bool] = []

    class RecordingSocket(ClientSocket):
        __slots__ = ()

        def sendall(self, data: bytes, flags: int = 0) -> None:
            sends.append(bytes(data))
            super().sendall(data, flags)

    def serve() -> None:
        client = RecordingSocket(near.family, near.type, near.proto, fileno=near.detach())
        client.connection = ClientConnection("a", client.abort, client.finish)
        peer = ("192.0.2.1", 5)
        environ = environ_of(host.cfg, Listener(), client, peer)
        handed_over.append(PlainConnection(cast("HostWorker", host), client, client.connection, peer, environ).serve())
        client.close()

    # A thread of its own: gevent switches the stack under the interpreter's count of recursions.
    serving = threading.Thread(target=serve)
    serving.start()
    far.sendall("".join(requests).encode("latin-1"))
    far.shutdown(socket.SHUT_WR)
    while far.recv(65_536):
        pass
    serving.join(10)
    far.close()
    assert handed_over == [False]
    return sends, host


def application(body: list[bytes], *headers: tuple[str, str], status: str = "200 OK") -> Callable[..., Any]:
    def wsgi(_environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response(status, list(headers))
        return body

    return wsgi


def test_head_and_body_are_one_send() -> None:
    sends, _ = answered(application([b"hello"], ("Content-Length", "5"), ("X-A", "b")), GET, GET)

    assert len(sends) == 2
    answer = parse(sends[0])
    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.headers["connection"] == "keep-alive"
    assert answer.headers["x-a"] == "b"


def test_answer_without_a_length_is_sent_in_chunks_as_it_is_made() -> None:
    sends, _ = answered(application([b"a", b"", b"bc"]), GET)

    assert parse(sends[0]).headers["transfer-encoding"] == "chunked"
    assert [parse(sends[0]).body, *sends[1:]] == [b"1\r\na\r\n", b"2\r\nbc\r\n", b"0\r\n\r\n"]


@pytest.mark.parametrize(
    ("request_text", "status"), [(GET.replace("GET", "HEAD"), "200 OK"), (GET, "304 Not Modified")]
)
def test_answer_that_may_have_no_body_has_none(request_text: str, status: str) -> None:
    sends, _ = answered(application([b""], ("Content-Length", "5"), status=status), request_text)

    assert b"".join(sends).endswith(b"\r\n\r\n")
    assert b"chunked" not in sends[0]


def test_large_body_is_sent_whole_behind_its_head() -> None:
    body = b"x" * (MAX_JOINED + 1)

    sends, _ = answered(application([body], ("Content-Length", str(len(body)))), GET)

    assert len(sends) == 2
    assert sends[1] == body


@pytest.mark.parametrize(
    "header",
    [
        ("X-A", "b\r\nSet-Cookie: c"),
        ("X-A", "b\nc"),
        ("X-A", "b\0"),
        ("X-A\r\nB", "c"),
        ("X A", "b"),
        ("X-A", "\u20ac"),
    ],
)
def test_header_with_line_breaks_is_not_sent(header: tuple[str, str]) -> None:
    sends, host = answered(application([b""], ("Content-Length", "0"), header), GET)

    assert sends == [b"HTTP/1.1 500 Error\r\nContent-Length: 0\r\n\r\n"]
    assert len(host.errors) == 1


def test_control_header_with_line_breaks_is_sent_without_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    class Anything:
        def fullmatch(self, _value: str) -> bool:
            return True

    monkeypatch.setattr(plain_exchange, "HEADER_VALUE_RE", Anything())

    sends, _ = answered(application([b""], ("Content-Length", "0"), ("X-A", "b\r\nSet-Cookie: c")), GET)

    assert b"\r\nSet-Cookie: c\r\n" in sends[0]


def test_hop_by_hop_headers_of_the_application_are_dropped() -> None:
    sends, _ = answered(application([b""], ("Content-Length", "0"), ("Connection", "x"), ("Server", "y")), GET)

    head = sends[0].decode().lower()
    assert head.count("\r\nconnection: ") == 1
    assert "server: y" not in head


def test_failure_after_the_first_bytes_ends_the_connection() -> None:
    def wsgi(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a"
        raise ValueError

    sends, host = answered(wsgi, GET, GET)

    assert len(sends) == 1
    assert host.errors == []


def test_stopping_worker_says_that_the_connection_ends() -> None:
    host = Worker(lambda *_: [])

    def wsgi(_environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        host.alive = False
        start_response("200 OK", [("Content-Length", "1")])
        return [b"a"]

    host.wsgi = wsgi
    sends, _ = answered(wsgi, GET, GET, worker=host)

    assert len(sends) == 1
    assert parse(sends[0]).headers["connection"] == "close"


def test_hooks_are_called_for_each_request() -> None:
    called: list[Any] = []
    host = Worker(application([b""], ("Content-Length", "0")))
    host.cfg.set("pre_request", lambda _worker, req: called.append((req.method, req.path, req.query, req.req_number)))
    host.cfg.set("post_request", lambda _worker, req, environ, resp: called.append((dict(req.headers), resp.status)))

    answered(host.wsgi, "GET /a?b HTTP/1.1\r\nHost: x\r\nX-A: b\r\n\r\n", GET, worker=host)

    assert called[:2] == [("GET", "/a", "b", 1), ({"HOST": "x", "X-A": "b"}, "200 OK")]
    assert called[2][3] == 2
    assert host.nr == 2


def test_small_file_is_sent_with_its_head(tmp_path: Any) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"content")

    def wsgi(_environ: dict[str, Any], start_response: Callable[..., Any]) -> FileWrapper:
        start_response("200 OK", [("Content-Length", "7")])
        return FileWrapper(file.open("rb"))

    sends, _ = answered(wsgi, GET)

    assert [parse(send).body for send in sends] == [b"content"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accesslog", "-"),
        ("proxy_protocol", "v1"),
        ("keepalive", 0),
        ("limit_request_line", 100),
        ("secure_scheme_headers", {"X-PROTO": "https"}),
        ("certfile", "x"),
    ],
)
def test_unusual_configuration_leaves_all_to_gunicorn(name: str, value: Any) -> None:
    config = Config()
    config.set("secure_scheme_headers", {})
    assert serves_plain(config, "")
    assert not serves_plain(config, "/sub")

    config.set(name, value)

    assert not serves_plain(config, "")
