"""Tickets of the service as users get it: streams and Socket.IO clients follow a rush over two workers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from devdb.replica_set import ReplicaSet
from tests.conftest import Served, serving
from tests.event_calls import store_event
from tests.live.socketio_clients import NAMESPACES, Listener, listening, on_each
from tests.live.sse_client import on_both, opened
from tests.live.ticket_rush import DisplayedTickets, Rush, prepare_rush

QUERY = "events=1"
CUTS = 100
RECONNECTIONS = 20


@pytest.fixture(scope="module")
def service(
    replica_set: ReplicaSet, module_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One service for the tests of this module."""
    folder = tmp_path_factory.mktemp("tickets")
    with serving(replica_set.uri, folder, MONGODB_DATABASE=module_database) as running:
        yield running
        assert "Traceback" not in running.log.read_text()


def test_every_worker_sends_tickets_to_streams_and_both_namespaces(service: Served) -> None:
    event = store_event(service.db)
    row = {"_id": event.tiers[0].id}
    pids = service.workers()
    with on_both(service.url, pids, QUERY) as streams, on_each(service.url, pids, event="ticketUpdate") as listeners:
        service.db["event_stock"].update_one(row, {"$set": {"capacity": 7}})
        service.db["event_stock"].update_one(row, {"$inc": {"taken": 2}})

        sent = [[stream.next() for _ in range(2)] for stream in streams]
        assert sent[0] == sent[1]
        assert [message.name for message in sent[0]] == ["ticketUpdate"] * 2
        payloads = [message.payload for message in sent[0]]
        assert payloads == [
            {"eventId": event.id, "remainingTickets": count, "tiers": [{"id": event.tiers[0].id, "remaining": count}]}
            for count in (7, 5)
        ]
        for listener in listeners:
            for namespace in NAMESPACES:
                assert [listener.next(namespace) for _ in range(2)] == payloads


def test_ticket_stream_cut_in_a_rush_ends_equal_to_the_database(service: Served) -> None:
    rush = prepare_rush(service)
    displayed, last, updates = DisplayedTickets(), "", 0
    with rush.running():
        for number in range(CUTS):
            with opened(service.url, last, query=QUERY) as stream:
                for _ in range(1 + number % 2):
                    message = None
                    while message is None and not (rush.done.is_set() and stream.events.empty()):
                        message = stream.maybe(0.05)
                    if message is not None:
                        displayed.apply(message)
                        updates += message.name == "ticketUpdate"
                        last = message.id
    with opened(service.url, last, query=QUERY) as stream:
        end = time.monotonic() + 30
        while displayed.events != rush.remaining() and time.monotonic() < end:
            message = stream.maybe(0.1)
            if message:
                displayed.apply(message)

    assert displayed.events == rush.remaining()
    assert rush.remaining()[rush.events[2].id] == 0
    assert updates > 0


def test_socketio_client_cut_in_a_rush_ends_equal_to_the_database(service: Served) -> None:
    rush = prepare_rush(service)
    with rush.running():
        for _ in range(RECONNECTIONS):
            with listening(service.url, event="ticketUpdate") as listener:
                follow(listener, rush, 0.1)
        with listening(service.url, event="ticketUpdate") as listener:
            shown = follow(listener, rush, 60)

    assert shown == {event.id: rush.remaining()[event.id] for event in rush.events}


def follow(listener: Listener, rush: Rush, seconds: float) -> dict[str, int]:
    """Read the events as a client does after it has connected, and apply updates until they are up to date."""
    wanted = {event.id for event in rush.events}
    shown = {event_id: count for event_id, count in rush.remaining().items() if event_id in wanted}
    end = time.monotonic() + seconds
    while time.monotonic() < end and not (rush.done.is_set() and up_to_date(shown, rush)):
        updates: Any = listener.heard["/api"]
        if updates.empty():
            time.sleep(0.01)
            continue
        update = updates.get()
        if update["eventId"] in wanted:
            shown[update["eventId"]] = update["remainingTickets"]
    return shown


def up_to_date(shown: dict[str, int], rush: Rush) -> bool:
    return shown.items() <= rush.remaining().items()
