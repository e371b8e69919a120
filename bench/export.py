"""CSV export of a million bookings: rows per second and added memory, beside a bare PyMongo cursor."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import requests

from bench.cpu_meter import CpuMeter
from bench.processes import resident_mib, service_processes, worker_processes
from bench.results import EXPORT, EXPORT_MEMORY, PYMONGO_CURSOR, SERVICE, RoundResult
from bench.systems import System
from core.mongo.client import Db

ROUNDS = 3
CHUNK_BYTES = 1 << 20
SAMPLE_SECONDS = 0.02
CURSOR_BATCH_SIZE = 1000
TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Export:
    """One export: its rate, and the memory it added to the worker."""

    rows_per_second: float
    added_mib: float
    problem: str


class PeakMemory:
    """The peak of a process's resident memory in a `with` block, sampled by a thread."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stop = threading.Event()
        self._before = resident_mib(pid)
        self._peak = self._before
        self._sampler = threading.Thread(target=self._sample, daemon=True)

    @property
    def added_mib(self) -> float:
        """The peak minus the memory before the block."""
        return self._peak - self._before

    def __enter__(self) -> None:
        self._sampler.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._sampler.join()

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            self._peak = max(self._peak, resident_mib(self._pid))


def export_rounds(service: System, db: Db, mongod_pid: int) -> Iterator[RoundResult]:
    """Yield the rounds of the cursor and of the export over the same documents, alternately."""
    for _ in range(ROUNDS):
        start = time.perf_counter()
        rows = sum(1 for _ in db.bookings.find().sort("_id", -1).batch_size(CURSOR_BATCH_SIZE))
        yield RoundResult(EXPORT, PYMONGO_CURSOR, rows / (time.perf_counter() - start))
        meter = CpuMeter.start(service_processes(service.port), [mongod_pid])
        export = _export(service, rows)
        cpu = meter.per_request(1)
        yield cpu.add_to(RoundResult(EXPORT, SERVICE, export.rows_per_second, problem=export.problem))
        yield RoundResult(EXPORT_MEMORY, SERVICE, export.added_mib, problem=export.problem)


def _export(service: System, expected_rows: int) -> Export:
    (worker,) = worker_processes(service.port)
    memory = PeakMemory(worker)
    url = f"{service.url}/api/admin/bookings/export"
    headers = {"X-Admin-Key": service.spec.environment["ADMIN_KEY"]}
    lines = 0
    start = time.perf_counter()
    with memory, requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS) as response:
        for chunk in response.iter_content(CHUNK_BYTES):
            lines += chunk.count(b"\r\n")
    seconds = time.perf_counter() - start
    rows = lines - 1
    problem = ""
    if response.status_code != 200 or rows != expected_rows:
        problem = f"status {response.status_code} with {rows} rows instead of {expected_rows}"
    return Export(rows / seconds, memory.added_mib, problem)
