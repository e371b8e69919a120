"""Profile of one booking request: own and foreign calls of one request, and CPU milliseconds under load.

python -m bench.request_profile [--folder OTHER_TREE] [--rounds 3] [--seconds 3]

Calls are counted with `sys.setprofile` in this process. CPU time is that of all threads of a served service with one
worker, in place, over /proc. `--folder` serves another tree in alternation with this one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from bench.cpu_meter import CpuMeter
from bench.fixtures import slot_lines
from bench.git_worktree import Checkout
from bench.guest_bodies import guests_file
from bench.load_generators import BookingRequests, create_bookings
from bench.processes import service_processes
from bench.system_specs import (
    EVENT_UNLIMITED,
    UNLIMITED_RATE,
    Deployment,
    commit_spec,
    planned_slots,
    service_spec,
)
from bench.systems import System, Workspace, start_system
from core.config.settings import ROOT
from core.mongo.client import connect
from devdb.replica_set import start_replica_set

OWN = "own"
TOP_ROWS = 14


@dataclass
class CallCounter:
    """Profile function that counts Python and C calls by the package of the called or calling code."""

    python: Counter[str] = field(default_factory=Counter)
    native: Counter[str] = field(default_factory=Counter)
    own: Counter[str] = field(default_factory=Counter)

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        """Count one event of the interpreter."""
        if event not in ("call", "c_call"):
            return
        package = _package(frame.f_code.co_filename)
        if event == "c_call":
            self.native[package] += 1
            return
        self.python[package] += 1
        if package == OWN:
            self.own[frame.f_code.co_filename.removeprefix(f"{ROOT}/")] += 1

    def text(self) -> str:
        """Return the counts, the largest first."""
        lines = [f"python calls {self.python.total()}, native calls {self.native.total()}"]
        for package, count in self.python.most_common(TOP_ROWS):
            lines.append(f"  {count:5}  {package}")
        lines.append(f"own modules {len(self.own)}")
        for module, count in self.own.most_common():
            lines.append(f"  {count:5}  {module}")
        return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Print the calls of one request, then the CPU time of each round."""
    options = _options(arguments)
    os.chdir(ROOT)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        replica_set = stack.enter_context(start_replica_set(test_commands=True))
        client = stack.enter_context(connect(replica_set.uri))
        workspace = Workspace(replica_set.uri, client, folder)
        print(_calls_of_one_request(replica_set.uri))
        systems = _start(stack, workspace, options)
        slots = planned_slots(EVENT_UNLIMITED)
        file = folder / "slots"
        file.write_text(slot_lines(slots))
        for number in range(options.rounds + 1):
            for system in systems if number % 2 else systems[::-1]:
                system.reset(slots)
                line = _round(
                    system, workspace, BookingRequests(file, guests_file(folder), f"r{number}"), options.seconds
                )
                if number:  # The first round warms up.
                    print(line, flush=True)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    return parser.parse_args(arguments)


def _start(stack: ExitStack, workspace: Workspace, options: argparse.Namespace) -> list[System]:
    deployment = Deployment("service", EVENT_UNLIMITED, 1)
    specs = [service_spec(workspace, deployment)]
    if options.folder:
        other = Checkout(options.folder.resolve(), options.folder.name)
        specs.append(commit_spec(workspace, Deployment("other", EVENT_UNLIMITED, 1), other))
    systems = []
    for spec in specs:
        systems.append(start_system(workspace, spec))
        stack.callback(systems[-1].stop)
    return systems


def _round(system: System, workspace: Workspace, requests: BookingRequests, seconds: float) -> str:
    meter = CpuMeter.start(service_processes(system.port), [workspace.mongod_pid])
    loaded = create_bookings(system.url, requests, seconds)
    cpu = meter.per_request(loaded.answered)
    return (
        f"{system.name:22} {loaded.per_second:6.0f}/s  service {cpu.service:.3f} ms  mongod {cpu.mongod:.3f} ms  "
        f"p99 {loaded.p99:.0f} ms  {dict(loaded.statuses)}"
    )


def _calls_of_one_request(uri: str) -> str:
    # Imported here: the settings of the application come from arguments, not from the environment.
    from app import create_app
    from core.config.settings import from_env

    environment = {
        "MONGODB_URI": uri,
        "MONGODB_DATABASE": "profile",
        "ADMIN_KEY": "k" * 32,
        "SECRET_KEY": "s" * 32,
        "SCHEDULE_FILE": str(EVENT_UNLIMITED),
        "RATE_LIMIT_DEFAULT": UNLIMITED_RATE,
        "RATE_LIMIT_BOOKINGS": UNLIMITED_RATE,
        "TRUSTED_PROXIES": "1",
    }
    application = create_app(from_env(environment))
    request = _booking_request(application)
    for guest in range(20):
        request(guest)
    counter = CallCounter()
    sys.setprofile(counter)
    try:
        request(1000)
    finally:
        sys.setprofile(None)
    return counter.text()


def _booking_request(application: Any) -> Callable[[int], None]:
    slot = planned_slots(EVENT_UNLIMITED)[0]

    def send(guest: int) -> None:
        body = {
            "fullName": "Ada Guest",
            "email": f"guest{guest}@example.com",
            "phone": f"+1415{2000000 + guest}",
            "country": "US",
            "city": "San Francisco",
            "date": slot.date,
            "slotId": slot.id,
            "message": "Looking forward to it.",
        }
        statuses: list[str] = []
        environ = _environ(json.dumps(body).encode(), f"key-{guest}")
        parts = application(environ, lambda status, _headers, _exc_info=None: statuses.append(status))
        b"".join(parts)
        if not statuses[0].startswith("201"):
            raise RuntimeError(f"{statuses}: {parts}")

    return send


def _environ(body: bytes, key: str) -> dict[str, Any]:
    import io

    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/api/bookings",
        "RAW_URI": "/api/bookings",
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "HTTP_X_REQUEST_ID": key,
        "HTTP_IDEMPOTENCY_KEY": key,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
    }


def _package(filename: str) -> str:
    if "site-packages/" in filename:
        return filename.partition("site-packages/")[2].partition("/")[0]
    if filename.startswith(f"{ROOT}/"):
        return OWN
    return "python"


if __name__ == "__main__":
    main(sys.argv[1:])
