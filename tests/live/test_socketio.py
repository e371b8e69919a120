"""Socket.IO of the service as users get it: two workers, both namespaces, refusals, clients that take nothing."""

from __future__ import annotations

import json
import os
import queue
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio
import websocket

from core.mongo.client import Client, Db
from devdb.replica_set import ReplicaSet
from tests.conftest import Served, serving
from tests.live.socketio_clients import NAMESPACES, Listener, bare, ends, listening, on_each
from tests.live.sse_client import opened

FRIEND, STRANGER = "https://friend.example", "https://stranger.example"
# As somebody may type an origin, and as browsers send it.
TYPED, SENT = "HTTPS://Shop.Example:443", "https://shop.example"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}


@pytest.fixture(scope="module")
def service(
    replica_set: ReplicaSet, module_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One service for the tests of this module."""
    folder = tmp_path_factory.mktemp("sockets")
    with serving(
        replica_set.uri, folder, MONGODB_DATABASE=module_database, CORS_ORIGINS=f"{FRIEND}, {TYPED}"
    ) as running:
        yield running
        assert "Traceback" not in running.log.read_text()


def await_workers(served: Served, count: int) -> None:
    """Return when the service has `count` workers."""
    end = time.monotonic() + 60
    while len(served.workers()) < count:
        assert time.monotonic() < end
        time.sleep(0.1)


def lines(served: Served, event: str) -> list[dict[str, Any]]:
    """Return what the service has logged of an event; other lines than ours are none."""
    found = [json.loads(line) for line in served.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in found if line["event"] == event]


def refused(served: Served, reason: str) -> int:
    return sum(line["reason"] == reason for line in lines(served, "socket_refused"))


def wait_refused(served: Served, reason: str, times: int) -> None:
    """Wait until the log tells that so many were refused; a client may hear of it first."""
    end = time.monotonic() + 30
    while refused(served, reason) < times:
        assert time.monotonic() < end, f"nothing is logged of {reason}"
        time.sleep(0.01)
    assert refused(served, reason) == times


def test_both_namespaces_on_each_worker_get_each_change_of_the_stream(service: Served) -> None:
    api = service.api
    slot, other, *_ = api.slots()
    far = api.slots("2026-03-31")[0]
    with opened(service.url) as stream, on_each(service.url, service.workers()) as listeners:
        assert stream.next().name == "snapshot"

        booking = api.book(slot).json["booking"]
        api.held("DELETE", booking)
        api.admin("PATCH", f"/slots/{other['_id']}", json={"capacity": 9})
        api.admin("PATCH", f"/slots/{other['_id']}", json={"closed": True})
        api.book(far)

        recorded = [stream.next().payload for _ in range(4)]
        for listener in listeners:
            for namespace in NAMESPACES:
                assert [listener.next(namespace) for _ in range(4)] == recorded
                assert listener.next(namespace)["slotId"] == far["_id"]
                assert listener.heard[namespace].empty()
    assert [(change["bookedCount"], change["capacity"], change["remaining"]) for change in recorded] == [
        (1, 4, 3),
        (0, 4, 4),
        (0, 9, 9),
        (0, 9, 0),
    ]


def test_client_of_one_namespace_gets_changes_only_there(service: Served) -> None:
    slot = service.api.slots("2026-03-07")[0]
    with listening(service.url, namespaces=["/api"]) as listener:
        service.api.book(slot)

        assert listener.next("/api")["bookedCount"] == 1
        assert listener.heard["/"].empty()


# Handshakes

BAD_HANDSHAKES: list[tuple[str, str, dict[str, str], int, str]] = [
    ("polling", "EIO=4&transport=polling", {}, 400, "websocket_only"),
    ("polling by default", "EIO=4", {}, 400, "websocket_only"),
    ("a polling client that goes on", "EIO=4&transport=polling&sid=abc", {}, 400, "websocket_only"),
    ("nothing at all", "", {}, 400, "websocket_only"),
    ("another transport", "EIO=4&transport=%00", UPGRADE, 400, "websocket_only"),
    ("an old protocol", "EIO=3&transport=websocket", UPGRADE, 400, "handshake_invalid"),
    ("no protocol", "transport=websocket", UPGRADE, 400, "handshake_invalid"),
    ("a session of polling", "EIO=4&transport=websocket&sid=abc", UPGRADE, 400, "handshake_invalid"),
    ("no upgrade", "EIO=4&transport=websocket", {}, 400, "handshake_invalid"),
    ("no key", "EIO=4&transport=websocket", UPGRADE | {"Sec-WebSocket-Key": ""}, 400, "handshake_invalid"),
    ("a bad key", "EIO=4&transport=websocket", UPGRADE | {"Sec-WebSocket-Key": "x" * 24}, 400, "handshake_invalid"),
    (
        "another version",
        "EIO=4&transport=websocket",
        UPGRADE | {"Sec-WebSocket-Version": "8"},
        400,
        "handshake_invalid",
    ),
    ("a foreign page", "EIO=4&transport=websocket", UPGRADE | {"Origin": STRANGER}, 403, "origin_refused"),
    ("no page", "EIO=4&transport=websocket", UPGRADE | {"Origin": "null"}, 403, "origin_refused"),
    ("a foreign page, polling", "EIO=4&transport=polling", {"Origin": STRANGER}, 403, "origin_refused"),
]


@pytest.mark.parametrize(
    ("name", "query", "headers", "status", "code"), BAD_HANDSHAKES, ids=lambda value: str(value)[:40]
)
def test_bad_handshake_is_refused_as_a_problem_and_logged(
    name: str, query: str, headers: dict[str, str], status: int, code: str, service: Served
) -> None:
    answer = requests.get(f"{service.url}/socket.io/?{query}", headers=headers, timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    line = next(line for line in lines(service, "request") if line["request_id"] == answer.headers["X-Request-ID"])
    assert (line["route"], line["status"], line["outcome"]) == ("/socket.io/", status, code)
    assert "stranger" not in service.log.read_text()


def test_control_valid_handshake_is_accepted(service: Served) -> None:
    for origin in ("", FRIEND, SENT, service.url):
        headers = UPGRADE | ({"Origin": origin} if origin else {})
        with requests.get(
            f"{service.url}/socket.io/?EIO=4&transport=websocket", headers=headers, timeout=30, stream=True
        ) as answer:
            assert answer.status_code == 101


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_refused_with_405(method: str, service: Served) -> None:
    answer = requests.request(method, f"{service.url}/socket.io/?EIO=4&transport=polling", data="40", timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_polling_client_gets_a_connection_error(service: Served) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        socketio.Client(reconnection=False).connect(service.url, transports=["polling"])


def test_unknown_namespace_is_refused(service: Served) -> None:
    before = refused(service, "namespace")
    with pytest.raises(socketio.exceptions.ConnectionError, match="/admin"):
        socketio.Client(reconnection=False).connect(service.url, transports=["websocket"], namespaces=["/admin"])

    wait_refused(service, "namespace", before + 1)


# What clients say

GARBAGE: list[tuple[str, str | bytes]] = [
    ("garbage", "hello"),
    ("garbage", ""),
    ("garbage", "0{}"),
    ("garbage", "2probe"),
    ("garbage", "9"),
    ("garbage", "4"),
    ("garbage", "4x"),
    ("garbage", "44{}"),
    ("garbage", '451-["x",{"_placeholder":true,"num":0}]'),
    ("garbage", b"\x04binary"),
    ("too_big", "4" + "2" * 5000),
    ("too_big", "x" * 300_000),
]


@pytest.mark.parametrize(("reason", "said"), GARBAGE, ids=lambda value: repr(value)[:24])
def test_client_sending_no_socketio_is_disconnected(reason: str, said: str | bytes, service: Served) -> None:
    before = refused(service, reason)
    with bare(service.url) as connection:
        connection.send(said, websocket.ABNF.OPCODE_BINARY if isinstance(said, bytes) else websocket.ABNF.OPCODE_TEXT)

        assert ends(connection)

    wait_refused(service, reason, before + 1)


def test_fragmented_message_without_end_is_too_big(service: Served) -> None:
    before = refused(service, "too_big")
    with bare(service.url) as connection:
        connection.send_frame(websocket.ABNF.create_frame("42", websocket.ABNF.OPCODE_TEXT, 0))
        for _ in range(10):
            connection.send_frame(websocket.ABNF.create_frame("x" * 500, websocket.ABNF.OPCODE_CONT, 0))

        assert ends(connection)

    wait_refused(service, "too_big", before + 1)


def test_client_sending_too_many_messages_is_disconnected(service: Served) -> None:
    before = refused(service, "talkative")
    with bare(service.url) as connection:
        for _ in range(201):
            connection.send('42["hello"]')

        assert ends(connection)

    wait_refused(service, "talkative", before + 1)


def test_control_client_events_and_repeated_joins_are_ignored(service: Served) -> None:
    slot = service.api.slots("2026-03-09")[0]
    with bare(service.url) as connection:
        for said in ('40/api,{"token":[[[', '42/api,7["slotUpdate",{}]', '43/api,1["x"]', "40/api,", "3", "41"):
            connection.send(said)
        assert str(connection.recv()).startswith("40/api,")
        assert str(connection.recv()).startswith("44/api,"), "once is enough"

        service.api.book(slot)

        assert json.loads(str(connection.recv()).removeprefix("42/api,"))[1]["slotId"] == slot["_id"]


# Clients that go, and clients that take nothing

LONG = """\
id = "long"
name = "A long day"
timezone = "Europe/Berlin"
refusal = "Only the day is allowed."
slot_minutes = 5
capacity = 1
dates = ["2031-06-10"]
days = [{name = "Long", start = "00:00", end = "23:55"}]
"""


def test_slow_client_dead_worker_and_stop_leave_no_stale_connection(
    replica_set: ReplicaSet, mongo: Client, tmp_path: Path
) -> None:
    file = tmp_path / "long.toml"
    file.write_text(LONG, encoding="utf-8")
    with serving(replica_set.uri, tmp_path, SCHEDULE_FILE=str(file)) as served:
        db = mongo[served.environment["MONGODB_DATABASE"]]
        slot = served.api.slots("2031-06-10")[0]
        with bare(served.url, room=2048) as slow, listening(served.url, namespaces=["/api"]) as healthy:
            for namespace in ("40", "40/api,"):
                slow.send(namespace)
            fill_until_refused(db, served, healthy, slot["_id"])
            assert healthy.client.connected, "who listens is not dropped"
            assert ends(slow)

        with on_each(served.url, served.workers()) as listeners, ExitStack() as stop_with:
            mine, other = listeners
            os.kill(mine.worker(served.workers()), signal.SIGKILL)
            capacity = hear_again(db, slot["_id"], mine)
            while other.next()["capacity"] != capacity:
                pass

            silent = stop_with.enter_context(bare(served.url))  # answers no good-bye

            # gunicorn's master loses the signal for a worker that it has just forked.
            await_workers(served, 2)
            time.sleep(3)
            for listener in listeners:
                listener.client.eio.reconnection = False
            served.process.terminate()
            served.process.wait(60)
            assert "graceful timeout" not in served.log.read_text(), "connections had to be cut"
            assert ends(silent)
            assert not lines(served, "sockets_failed")
        mongo.drop_database(db.name)


def fill_until_refused(db: Db, served: Served, healthy: Listener, slot_id: str) -> None:
    """Change all slots until the client that reads nothing is disconnected.

    Each round waits for the healthy client. Otherwise a loaded service falls behind the change stream's log, and
    disconnects every client for that reason.
    """
    end = time.monotonic() + 90
    while not refused(served, "slow"):
        assert time.monotonic() < end, "the slow client was never disconnected"
        db.slots.update_many({"date": "2031-06-10"}, {"$inc": {"capacity": 1}})
        changed = db.slots.find_one({"_id": slot_id})
        assert changed
        while healthy.next("/api")["capacity"] < changed["capacity"]:
            pass


def hear_again(db: Db, slot_id: str, listener: Listener) -> int:
    """Change a slot until the client, which connects again by itself, is told; return the capacity it was told."""
    for _ in range(100):
        changed = db.slots.find_one_and_update({"_id": slot_id}, {"$inc": {"capacity": 1}}, return_document=True)
        assert changed
        try:
            while (recorded := listener.next("/api", 0.3)) and recorded["capacity"] != changed["capacity"]:
                pass
        except queue.Empty:
            continue
        return int(recorded["capacity"])
    raise AssertionError("it did not come back")
