"""Live streams: the memory of a worker with a thousand of them, and the delay until all have received a change.

    python -m bench.live_streams [--streams 1000] [--workers 1 2] [--changes 40]

The delay begins before the request that makes the change and ends when the last stream has its update. So it includes
the booking, and the work of the one client that reads all streams.
"""

from __future__ import annotations

import argparse
import selectors
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from bench.processes import resident_mib, worker_processes
from bench.system_specs import EVENT, Deployment, service_spec
from bench.systems import System, Workspace, start_system
from core.mongo.client import connect
from devdb.replica_set import start_replica_set
from tests.api_client import Api, over_http
from tests.factories import person

DATE = "2026-03-05"
UPDATE_TIMEOUT_SECONDS = 20.0
RECEIVE_BYTES = 65536

Change = Callable[[], None]


@dataclass(frozen=True)
class Delay:
    """Seconds until the change was answered, and until all streams had received it."""

    received: float
    answered: float


def main() -> None:
    """Measure with each number of workers and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m bench.live_streams")
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--changes", type=int, default=40)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    with start_replica_set() as mongod, tempfile.TemporaryDirectory() as folder, connect(mongod.uri) as client:
        workspace = Workspace(mongod.uri, client, Path(folder))
        for workers in options.workers:
            service = start_system(workspace, service_spec(workspace, Deployment(f"live{workers}", EVENT, workers)))
            try:
                result = measure(service, options.streams, options.changes)
                print(f"{workers} worker(s), {options.streams} streams: {result}")
            finally:
                service.stop()


def measure(service: System, streams: int, changes: int) -> str:
    """Return the memory of the workers with so many streams, and the delays of so many changes, as a sentence."""
    slots = Api(over_http(service.url)).slots(DATE)
    before = {pid: resident_mib(pid) for pid in worker_processes(service.port)}
    with _open_streams(service.port, streams) as selector:
        wait_until_received(selector, b"event: snapshot")
        delays = [_delay(selector, change) for change in islice(cycle(all_changes(service, slots)), changes)]
        after = {pid: resident_mib(pid) for pid in before}
    memory = ", ".join(f"{after[pid]:.0f} MiB (before: {size:.0f})" for pid, size in before.items())
    longest = max(delays, key=lambda delay: delay.received)
    median = statistics.median(delay.received for delay in delays)
    return (
        f"worker memory {memory}; {changes} changes were received by all in median {median * 1000:.0f} ms, "
        f"longest {longest.received * 1000:.0f} ms (its change was answered after {longest.answered * 1000:.0f} ms)"
    )


def all_changes(service: System, slots: Sequence[dict[str, Any]]) -> list[Change]:
    """Return a booking, its cancellation, a new capacity, a closing and an opening, in this order."""
    api = Api(over_http(service.url))
    key = service.spec.environment["ADMIN_KEY"]
    booked_slot = slots[0]
    patched_slot = slots[1]
    capacities = iter(range(100, 1_000_000))
    bookings: list[dict[str, Any]] = []

    def book() -> None:
        answer = api.book(booked_slot, **person())
        assert answer.status == 201, answer.body
        bookings.append(answer.json["booking"])

    def cancel() -> None:
        api.held("DELETE", bookings.pop())

    def patch(**change: Any) -> None:
        assert api.admin("PATCH", f"/slots/{patched_slot['_id']}", key=key, json=change).status == 200

    return [
        book,
        cancel,
        lambda: patch(capacity=next(capacities)),
        lambda: patch(closed=True),
        lambda: patch(closed=False),
    ]


def wait_until_received(selector: selectors.BaseSelector, event: bytes) -> None:
    """Return when every stream has received `event`."""
    missing = len(selector.get_map())
    deadline = time.monotonic() + UPDATE_TIMEOUT_SECONDS
    while missing > 0:
        assert time.monotonic() < deadline, f"{missing} streams received nothing"
        for key, _ in selector.select(1):
            received = key.fileobj.recv(RECEIVE_BYTES)  # type: ignore[union-attr]
            assert received, "a stream ended"
            missing -= received.count(event)


@contextmanager
def _open_streams(port: int, streams: int) -> Iterator[selectors.BaseSelector]:
    with selectors.DefaultSelector() as selector:
        for number in range(streams):
            stream = socket.create_connection(("127.0.0.1", port))
            head = f"GET /api/live?date={DATE} HTTP/1.1\r\nHost: x\r\nX-Request-ID: s{number}\r\n\r\n"
            stream.sendall(head.encode())
            selector.register(stream, selectors.EVENT_READ)
        yield selector
        for key in list(selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]


def _delay(selector: selectors.BaseSelector, change: Change) -> Delay:
    start = time.perf_counter()
    change()
    answered = time.perf_counter() - start
    wait_until_received(selector, b"event: slotUpdate")
    return Delay(received=time.perf_counter() - start, answered=answered)


if __name__ == "__main__":
    main()
