"""Load generators, each in a process of its own: wrk, a burst of single requests, and PyMongo alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.config.settings import ROOT

SCRIPTS = ROOT / "bench/wrk"
CONNECTIONS = 64
RESPONSE_TIMEOUT_SECONDS = 60
BURST_TIMEOUT_SECONDS = 300.0
EMAIL_TIMEOUT_SECONDS = 180.0
GRACE_SECONDS = 30.0


class LoadFailed(RuntimeError):
    """A load generator did not run to its end."""


class BookingMode(StrEnum):
    """How `create_bookings.lua` chooses slots and client addresses."""

    ROUND_ROBIN = "round-robin"
    DISTINCT_CLIENTS = "distinct-clients"


@dataclass(frozen=True)
class BookingRequests:
    """Booking requests of the guests of a file for the slots of a file, as the load generators read them.

    `run` makes the guests different from those of other loads on the same database.
    """

    slots_file: Path
    guests_file: Path
    run: str
    mode: BookingMode = BookingMode.ROUND_ROBIN


@dataclass(frozen=True)
class AccountRequests:
    """Requests of one kind by the people of a file; `run` makes the new people different from those of other loads."""

    kind: str
    people: Path
    run: str
    connections: int


@dataclass(frozen=True)
class LoadResult:
    """The responses to a load; latencies in milliseconds, None without a response.

    `unanswered` requests may still have been executed.
    """

    per_second: float
    seconds: float
    p50: float | None
    p99: float | None
    statuses: Mapping[int, int]
    unanswered: int
    connection_errors: int

    @property
    def answered(self) -> int:
        """The number of responses."""
        return sum(self.statuses.values())

    @property
    def created(self) -> int:
        """The number of responses with status 201."""
        return self.statuses.get(201, 0)

    def all_have_status(self, status: int) -> bool:
        """Return whether there are responses and all have this status."""
        return set(self.statuses) == {status} and not self.connection_errors


def require_wrk() -> None:
    """Raise LoadFailed if wrk is missing."""
    if not shutil.which("wrk"):
        raise LoadFailed("wrk is not installed. Install it with `apt-get install wrk`, as `make bench` does.")


def create_bookings(url: str, requests: BookingRequests, seconds: float) -> LoadResult:
    """Create bookings over 64 connections, each for another guest."""
    arguments = [str(requests.slots_file), str(requests.guests_file), requests.run, requests.mode]
    return _wrk("create_bookings.lua", url, arguments, seconds)


def cancel_bookings(url: str, links: Path, seconds: float) -> LoadResult:
    """Cancel the bookings of a file of links over 64 connections, for `seconds` at most."""
    return _wrk("cancel_bookings.lua", url, [str(links)], seconds)


def change_bookings(url: str, requests: BookingRequests, links: Path, seconds: float) -> LoadResult:
    """Book, cancel, move and join waiting lists over 64 connections, for `seconds` at most."""
    arguments = [str(requests.slots_file), str(requests.guests_file), str(links), requests.run]
    return _wrk("change_bookings.lua", url, arguments, seconds)


def list_slots(url: str, dates: Sequence[str], seconds: float) -> LoadResult:
    """List the slots of `dates` in turn over 64 connections."""
    return _wrk("list_slots.lua", url, dates, seconds)


def use_accounts(url: str, requests: AccountRequests, seconds: float) -> LoadResult:
    """Sign in, register, refresh or read the account."""
    arguments = [requests.kind, str(requests.people), requests.run]
    return _wrk("accounts.lua", url, arguments, seconds, requests.connections)


def reserve(url: str, kind: str, links: Path, seconds: float) -> LoadResult:
    """Reserve tickets over 64 connections by a file of links, and with `reserve-cancel` also cancel them."""
    return _wrk("reserve.lua", url, [kind, str(links)], seconds)


def post_bodies(url: str, requests: Path, seconds: float, admin_key: str = "") -> LoadResult:
    """Send each request of a file once over 64 connections, for `seconds` at most."""
    arguments = [str(requests)]
    if admin_key:
        arguments.append(admin_key)
    return _wrk("post_bodies.lua", url, arguments, seconds)


def read_paths(url: str, paths: Path, seconds: float) -> LoadResult:
    """Read the paths of a file in turn over 64 connections."""
    return _wrk("read_paths.lua", url, [str(paths)], seconds)


def burst_reservations(url: str, links: Path) -> LoadResult:
    """Send one request per line of a file of links, all at the same time."""
    return _burst([sys.executable, "-m", "bench.reservation_burst", url, str(links)])


def burst(url: str, requests: BookingRequests, clients: int) -> LoadResult:
    """Send one booking request per client, all at the same time."""
    command = [sys.executable, "-m", "bench.burst_load", url]
    command += [str(requests.slots_file), str(requests.guests_file), str(clients), requests.run]
    return _burst(command)


def _burst(command: Sequence[str]) -> LoadResult:
    output = _last_line(command, BURST_TIMEOUT_SECONDS)
    statuses = {int(status): count for status, count in output["statuses"].items()}
    unanswered = statuses.pop(0, 0)
    answered = sum(statuses.values())
    seconds = output["seconds"]
    return LoadResult(answered / seconds, seconds, None, None, statuses, unanswered, 0)


def pymongo_bookings(uri: str, database: str, slots: Sequence[str], seconds: float) -> dict[str, Any]:
    """Write bookings with PyMongo alone and return the output of `bench.pymongo_baseline`."""
    command = [sys.executable, "-m", "bench.pymongo_baseline", uri, database, str(seconds)]
    return _last_line(command, seconds + 2 * GRACE_SECONDS, "\n".join(slots))


def deliver_emails() -> dict[str, Any]:
    """Deliver e-mails to a local provider and return the output of `bench.email_delivery`."""
    return _last_line([sys.executable, "-m", "bench.email_delivery"], EMAIL_TIMEOUT_SECONDS)


def _wrk(script: str, url: str, arguments: Sequence[str], seconds: float, connections: int = CONNECTIONS) -> LoadResult:
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds:g}s", "--timeout", f"{RESPONSE_TIMEOUT_SECONDS}s"]
    command += ["-s", str(SCRIPTS / script), url, "--", *arguments]
    output = _last_line(command, seconds + RESPONSE_TIMEOUT_SECONDS + GRACE_SECONDS)
    latency = output["latency"]
    return LoadResult(
        per_second=output["perSecond"],
        seconds=output["seconds"],
        p50=latency["p50"],
        p99=latency["p99"],
        statuses={int(status): latencies["count"] for status, latencies in output["statuses"].items()},
        unanswered=output["unanswered"],
        connection_errors=sum(output["errors"].values()),
    )


def _last_line(command: Sequence[str], timeout: float, stdin: str = "") -> dict[str, Any]:
    """Run a program and return the JSON object in the last line of its output."""
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=timeout, input=stdin
        )
        output: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.CalledProcessError as error:
        output_end = (error.stderr.strip() or error.stdout.strip())[-500:]
        raise LoadFailed(f"{command[0]} ended with {error.returncode}: {output_end}") from error
    except (subprocess.TimeoutExpired, ValueError, IndexError) as error:
        raise LoadFailed(f"{' '.join(command[:3])}: {error}") from error
    return output
