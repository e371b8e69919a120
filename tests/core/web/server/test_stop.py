"""Stop of the service: idle connections do not delay it, requests that have begun are answered."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.conftest import Served, serving
from tests.core.web.server.http_connection import connected, read_answer, read_to_end
from tests.factories import person

HEALTH = b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n"
# An idle connection would end by itself five seconds after its last answer.
IDLE_SECONDS = 4.0


def test_stop_with_idle_connections_is_prompt_and_answers_begun_requests(
    replica_set: ReplicaSet, mongo: Client, tmp_path: Path
) -> None:
    with serving(replica_set.uri, tmp_path) as served, ExitStack() as stack:
        stack.callback(mongo.drop_database, served.environment["MONGODB_DATABASE"])
        slot, *_ = served.api.slots()
        body = json.dumps({**person(), "slotId": slot["_id"], "date": slot["date"]}).encode()
        head = "POST /api/bookings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        begun = [stack.enter_context(connected(served)) for _ in range(2)]
        begun[0].sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:20])
        begun[1].sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + b"14\r\n" + body[:20] + b"\r\n")
        # Connections are accepted in order: an answer to a later one shows that those before it are accepted.
        idle = [stack.enter_context(connected(served)) for _ in range(20)]
        for sock in idle[10:]:
            sock.sendall(HEALTH)
            assert read_answer(sock).status == 200

        started = time.monotonic()
        served.process.terminate()
        assert [read_to_end(sock) for sock in idle] == [b""] * 20
        assert time.monotonic() - started < IDLE_SECONDS
        rest = body[20:]
        begun[0].sendall(rest)
        begun[1].sendall(f"{len(rest):x}\r\n".encode() + rest + b"\r\n0\r\n\r\n")
        answers = [read_answer(sock) for sock in begun]
        served.process.wait(30)

        assert sorted(answer.status for answer in answers) == [201, 409]
        assert answers[0].headers["connection"] == "close"
        assert [read_to_end(sock) for sock in begun] == [b"", b""]
        assert served.process.returncode == 0
        assert "Traceback" not in served.log.read_text()
        assert '"web.server"' not in served.log.read_text()


def test_killed_master_frees_its_port_and_begun_requests_are_answered(
    replica_set: ReplicaSet, mongo: Client, tmp_path: Path
) -> None:
    with serving(replica_set.uri, tmp_path) as served, ExitStack() as stack:
        stack.callback(mongo.drop_database, served.environment["MONGODB_DATABASE"])
        begun = stack.enter_context(connected(served))
        begun.sendall(b"POST /api/bookings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
        begun.sendall(b"Content-Length: 2\r\n\r\n{")
        time.sleep(0.5)

        served.process.kill()
        wait_until_free(int(served.environment["PORT"]), time.monotonic() + 2.0)
        begun.sendall(b"}")

        assert read_answer(begun).status == 400
        assert read_to_end(begun) == b""


def test_stop_amid_new_connections_logs_no_error(replica_set: ReplicaSet, mongo: Client, tmp_path: Path) -> None:
    with serving(replica_set.uri, tmp_path) as served, ThreadPoolExecutor(16) as clients, ExitStack() as stack:
        stack.callback(mongo.drop_database, served.environment["MONGODB_DATABASE"])
        answers = [clients.submit(health_until_refused, served) for _ in range(16)]
        time.sleep(0.5)
        served.process.terminate()
        counts = [answer.result() for answer in answers]
        served.process.wait(30)

        assert all(counts)
        assert "unhandled_error" not in served.log.read_text()
        assert "Traceback" not in served.log.read_text()


def health_until_refused(served: Served) -> int:
    """Ask on new connections until one is refused; return the number of answers."""
    count = 0
    with suppress(OSError):
        while True:
            with connected(served) as sock:
                sock.sendall(HEALTH)
                assert read_answer(sock).status == 200
            count += 1
    return count


def wait_until_free(port: int, end: float) -> None:
    """Return when nothing listens at `port`, as a successor needs it; fails at `end`."""
    while True:
        with socket.socket() as successor:
            successor.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                successor.bind(("0.0.0.0", port))
                return
            except OSError:
                assert time.monotonic() < end
        time.sleep(0.05)
