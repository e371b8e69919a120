"""Sign-ins against the bound of password hashing, and bookings beside five sign-ins a second.

`python -m bench.sign_in_load [--rounds 3] [--seconds 5]`: two workers over an embedded MongoDB. Rounds with and without
sign-ins alternate. The cores that the sign-ins leave are computed from the CPU time of one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from argon2 import PasswordHasher

from bench.cpu_meter import CpuMeter
from bench.fixtures import slot_lines
from bench.guest_bodies import guests_file
from bench.load_generators import BookingRequests, LoadResult, create_bookings
from bench.processes import service_processes
from bench.system_specs import EVENT_UNLIMITED, Deployment, planned_slots, service_spec
from bench.systems import System, Workspace, start_system
from core.config.cpu_cores import available_cores
from core.config.settings import ROOT
from core.mongo.client import connect
from devdb.replica_set import start_replica_set

PASSWORD = "correct horse 7"
PEOPLE = 40
WORKERS = 2
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
HASHES_EACH = 30
SIGN_INS_PER_SECOND = 5
# As many as two workers hash at once, and as many again that wait.
CLIENTS = 8


@dataclass(frozen=True)
class SignIns:
    """Signs people in at one service."""

    system: System
    emails: list[str]

    def register(self) -> None:
        """Create the accounts."""
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(self._register, self.emails))

    def execute(self, number: int) -> None:
        """Sign one person in."""
        body = {"email": self.emails[number % PEOPLE], "password": PASSWORD}
        answer = requests.post(f"{self.system.url}/api/auth/login", json=body, timeout=30)
        assert answer.status_code == 200, answer.text

    def for_seconds(self, seconds: float) -> int:
        """Sign people in over CLIENTS connections; return how many."""
        end = time.monotonic() + seconds

        def client(first: int) -> int:
            done = 0
            while time.monotonic() < end:
                self.execute(first + done * CLIENTS)
                done += 1
            return done

        with ThreadPoolExecutor(CLIENTS) as threads:
            return sum(threads.map(client, range(CLIENTS)))

    @contextmanager
    def in_background(self) -> Iterator[None]:
        """Sign SIGN_INS_PER_SECOND people in while the block runs."""
        ended = threading.Event()

        def run() -> None:
            number = 0
            with ThreadPoolExecutor(CLIENTS) as threads:
                while not ended.wait(1 / SIGN_INS_PER_SECOND):
                    threads.submit(self.execute, number)
                    number += 1

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _register(self, email: str) -> None:
        body = {"name": "Ada Lovelace", "email": email, "password": PASSWORD}
        answer = requests.post(f"{self.system.url}/api/auth/register", json=body, timeout=60)
        assert answer.status_code == 201, answer.text


def main(arguments: list[str]) -> None:
    """Print the figures of each round and their medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        replica_set = stack.enter_context(start_replica_set())
        client = stack.enter_context(connect(replica_set.uri))
        workspace = Workspace(replica_set.uri, client, folder)
        system = start_system(workspace, service_spec(workspace, Deployment("service", EVENT_UNLIMITED, WORKERS)))
        stack.callback(system.stop)
        _measure(system, workspace, options)


def _measure(system: System, workspace: Workspace, options: argparse.Namespace) -> None:
    slots = planned_slots(EVENT_UNLIMITED)
    file = workspace.folder / "slots"
    file.write_text(slot_lines(slots))
    system.reset(slots)
    sign_ins = SignIns(system, [f"person{number}@example.org" for number in range(PEOPLE)])
    sign_ins.register()
    bound = hashes_per_second()
    meter = CpuMeter.start(service_processes(system.port), [workspace.mongod_pid])
    count = sign_ins.for_seconds(options.seconds)
    cost = meter.per_request(count)
    cpu_seconds = ((cost.service or 0) + (cost.mongod or 0)) / 1000
    print(
        f"hashing alone {bound:.1f}/s, sign-ins {count / options.seconds:.1f}/s: {count / options.seconds / bound:.2f}"
    )
    taken = SIGN_INS_PER_SECOND * cpu_seconds / available_cores()
    print(f"a sign-in takes {1000 * cpu_seconds:.0f} ms of CPU; five a second take {100 * taken:.0f} % of the cores")
    kept: list[float] = []
    slower: list[float] = []
    for number in range(options.rounds + 1):
        system.reset(slots)
        alone = _book(system, BookingRequests(file, guests_file(workspace.folder), f"a{number}"), options.seconds)
        system.reset(slots)
        with sign_ins.in_background():
            beside = _book(system, BookingRequests(file, guests_file(workspace.folder), f"b{number}"), options.seconds)
        if number:  # The first round warms up.
            kept.append(beside.per_second / (alone.per_second * (1 - taken)))
            slower.append((beside.p99 or 0) / (alone.p99 or 1))
            print(
                f"alone {_text(alone)}, beside {_text(beside)}: {kept[-1]:.2f} of what is left, p99 x {slower[-1]:.2f}"
            )
    print(
        f"medians: {statistics.median(kept):.2f} of the bookings that are left, p99 x {statistics.median(slower):.2f}"
    )


def hashes_per_second() -> float:
    """Return how many passwords a second the cores hash with nothing else to do."""
    cores = available_cores()
    started = time.monotonic()
    with ThreadPoolExecutor(cores) as threads:
        list(threads.map(lambda _: HASHER.hash(PASSWORD), range(HASHES_EACH * cores)))
    return HASHES_EACH * cores / (time.monotonic() - started)


def _book(system: System, wanted: BookingRequests, seconds: float) -> LoadResult:
    loaded = create_bookings(system.url, wanted, seconds)
    assert set(loaded.statuses) == {201}, loaded.statuses
    return loaded


def _text(loaded: LoadResult) -> str:
    return f"{loaded.per_second:.0f}/s p99 {loaded.p99:.0f} ms"


if __name__ == "__main__":
    main(sys.argv[1:])
