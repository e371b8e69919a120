"""A thousand live streams: what they cost a worker in memory, and how soon a change has reached every one of them.

    python -m bench.live [--streams 1000] [--workers 1 2] [--changes 40]

The time runs from before the request that makes the change until the last stream has its update, so it holds the
booking too, and the work of this one client that reads all the streams.
"""

from __future__ import annotations

import argparse
import selectors
import socket
import statistics
import subprocess
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from bench.contenders import EVENT, Contender, Place, product
from core.mongo.client import connect
from devdb.replica_set import start_replica_set
from tests.api_client import Api, over_http
from tests.factories import person

DATE = "2026-03-05"


def main() -> None:
    """Measure with each number of workers and print a line for each."""
    options = argparse.ArgumentParser()
    options.add_argument("--streams", type=int, default=1000)
    options.add_argument("--changes", type=int, default=40)
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    chosen = options.parse_args()
    with start_replica_set() as mongod, tempfile.TemporaryDirectory() as folder, connect(mongod.uri) as client:
        place = Place(mongod.uri, client, Path(folder))
        for workers in chosen.workers:
            served = product(place, f"live{workers}", EVENT, workers)
            try:
                print(
                    f"{workers} worker(s), {chosen.streams} streams:", measured(served, chosen.streams, chosen.changes)
                )
            finally:
                served.stop()


def measured(served: Contender, streams: int, changes: int) -> str:
    """Return what `streams` streams cost, and how long `changes` changes took to reach all of them."""
    slots = Api(over_http(served.url)).slots(DATE)
    before = {pid: resident(pid) for pid in workers_of(served)}
    with selectors.DefaultSelector() as reading:
        for number in range(streams):
            stream = socket.create_connection(("127.0.0.1", served.port))
            stream.sendall(f"GET /api/live?date={DATE} HTTP/1.1\r\nHost: x\r\nX-Request-ID: s{number}\r\n\r\n".encode())
            reading.register(stream, selectors.EVENT_READ)
        until_all(reading, b"event: snapshot")
        times: list[float] = []
        answered: list[float] = []
        for change in islice(cycle(all_changes(served, slots)), changes):
            begun = time.perf_counter()
            change()
            answered.append(time.perf_counter() - begun)
            until_all(reading, b"event: slotUpdate")
            times.append(time.perf_counter() - begun)
        after = {pid: resident(pid) for pid in workers_of(served)}
        for key in list(reading.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
    memory = ", ".join(f"{after[pid]:.0f} MiB (before: {size:.0f})" for pid, size in before.items())
    longest, answer = max(zip(times, answered, strict=True))
    spread = f"median {statistics.median(times) * 1000:.0f} ms, longest {longest * 1000:.0f} ms"
    spread += f" (of it until the change itself was answered: {answer * 1000:.0f} ms)"
    return f"worker memory {memory}; {changes} changes reached all in {spread}"


def all_changes(served: Contender, slots: list[dict[str, Any]]) -> list[Any]:
    """Return what makes a booking, a cancellation, a new capacity, a closing and an opening, in this order."""
    made: list[dict[str, Any]] = []
    capacity = iter(range(100, 1_000_000))
    api, key = Api(over_http(served.url)), served.environment["ADMIN_KEY"]
    slot, other = slots[0], slots[1]

    def book() -> None:
        answer = api.book(slot, **person())
        assert answer.status == 201, answer.body
        made.append(answer.json["booking"])

    def patch(**change: Any) -> None:
        assert api.admin("PATCH", f"/slots/{other['_id']}", key=key, json=change).status == 200

    return [
        book,
        lambda: api.held("DELETE", made.pop()),
        lambda: patch(capacity=next(capacity)),
        lambda: patch(closed=True),
        lambda: patch(closed=False),
    ]


def until_all(reading: selectors.BaseSelector, wanted: bytes, seconds: float = 20.0) -> None:
    """Return when every stream has got `wanted`."""
    waiting, end = len(reading.get_map()), time.monotonic() + seconds
    while waiting > 0:
        assert time.monotonic() < end, f"{waiting} streams heard nothing"
        for key, _ in reading.select(1):
            got = key.fileobj.recv(65536)  # type: ignore[union-attr]
            assert got, "a stream ended"
            waiting -= got.count(wanted)


def workers_of(served: Contender) -> list[int]:
    """Return the process ids of the workers: the processes on its port that have a parent there and no child."""
    found = subprocess.run(["pgrep", "-f", f"gunicorn.*:{served.port} "], check=False, capture_output=True, text=True)
    parents = {pid: parent(pid) for pid in found.stdout.split()}
    return [int(pid) for pid, above in parents.items() if above in parents and pid not in parents.values()]


def parent(pid: str) -> str:
    """Return the process id of the parent."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1]


def resident(pid: int) -> float:
    """Return the memory of a process in MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
