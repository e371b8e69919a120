"""E-mails of a served application: killed services, and several sending processes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.mongo.client import Client
from core.mongo.dead_processes import app_name
from devdb.replica_set import ReplicaSet
from notifications.outbox.model import LEASE
from tests.conftest import Served, serving, stop
from tests.forked_processes import fork_server
from tests.notifications.conftest import ADMIN
from tests.notifications.provider import KEY, Provider, Says, providing

BOOKINGS = 6
AWAY = Says(503, "application_error")
TAKES_WITHOUT_A_WORD = Says(takes=True, seconds=20)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing() as running:
        yield running


@pytest.fixture
def settings(provider: Provider, mongo: Client, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    name = f"letters_{os.getpid()}_{abs(hash(request.node.name)) % 10**8}"
    yield {
        "MONGODB_DATABASE": name,
        "RESEND_API_KEY": KEY,
        "RESEND_API_URL": provider.url,
        "MAIL_FROM": "bookings@example.org",
        "ADMIN_EMAIL": ADMIN,
        "MAIL_RATE": "1000",
    }
    mongo.drop_database(name)


def book(served: Served, count: int = BOOKINGS) -> list[str]:
    """Book; return the guests' e-mail addresses."""
    slots = [slot for date in ("2026-03-05", "2026-03-07") for slot in served.api.slots(date)]
    answers = [served.api.book(slots[number % len(slots)]) for number in range(count)]
    assert {answer.status for answer in answers} == {201}
    return [str(answer.json["booking"]["email"]) for answer in answers]


def kill(served: Served) -> None:
    """Kill the whole service."""
    pids = [served.process.pid, *served.workers()]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    served.process.wait()


def let_leases_end(served: Served) -> None:
    """Expire the leases in the database."""
    for row in served.db["letters"].find({"lease": {"$exists": True}}):
        served.db["letters"].update_one({"_id": row["_id"]}, {"$set": {"dueAt": row["dueAt"] - LEASE}})
    for role in served.db["roles"].find():
        served.db["roles"].update_one({"_id": role["_id"]}, {"$set": {"until": role["until"] - timedelta(minutes=1)}})


def marked(served: Served) -> int:
    return served.db["letters"].count_documents({"state": "sent"})


def wait_until_marked(served: Served, emails: int, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while marked(served) < emails:
        assert time.monotonic() < end, f"{marked(served)} of {emails} e-mails are marked as sent"
        time.sleep(0.05)


def assert_two_letters_for_each(provider: Provider, guests: list[str]) -> None:
    """Assert one e-mail for each guest, and one about each guest for the admin."""
    taken = list(provider.accepted.elements())
    assert len(taken) == 2 * len(guests)
    assert sorted(to for to, _, _ in taken if to != ADMIN) == sorted(guests)
    recorded = "\n".join(text for to, _, text in taken if to == ADMIN)
    assert all(recorded.count(guest) == 1 for guest in guests)


def assert_admin_first(provider: Provider, guests: list[str]) -> None:
    for guest in guests:
        order = [body["to"][0] for body in provider.bodies() if body["to"] == [guest] or guest in body["text"]]
        assert order[:2] == [ADMIN, guest]


@pytest.mark.parametrize("at_the_time", [AWAY, TAKES_WITHOUT_A_WORD], ids=["before sending", "before marking"])
def test_killed_service_loses_and_doubles_no_email(
    at_the_time: Says, provider: Provider, settings: dict[str, str], replica_set: ReplicaSet, tmp_path: Path
) -> None:
    provider.usually = at_the_time
    with serving(replica_set.uri, tmp_path, **settings) as served:
        guests = book(served)
        while not provider.calls:
            time.sleep(0.01)
        kill(served)
        assert marked(served) == 0
    provider.usually = Says(takes=True)
    let_leases_end(served)
    with serving(replica_set.uri, tmp_path, **settings) as served:
        wait_until_marked(served, 2 * BOOKINGS)
        assert served.verify()
    assert_two_letters_for_each(provider, guests)


def test_service_killed_within_a_batch_loses_and_doubles_no_email(
    provider: Provider, settings: dict[str, str], replica_set: ReplicaSet, tmp_path: Path
) -> None:
    count = 10
    # While sending is paused, e-mails accumulate.
    provider.next.append(Says(429, "rate_limit_exceeded", headers={"Retry-After": "3"}))
    provider.usually = TAKES_WITHOUT_A_WORD
    with serving(replica_set.uri, tmp_path, **settings) as served:
        guests = book(served, count)
        end = time.monotonic() + 30
        while not any(call.is_batch for call in provider.calls):
            assert time.monotonic() < end, "no batch came"
            time.sleep(0.01)
        kill(served)
        assert marked(served) == 0
    provider.usually = Says(takes=True)
    let_leases_end(served)
    with serving(replica_set.uri, tmp_path, **settings) as served:
        wait_until_marked(served, 2 * count)
    assert_two_letters_for_each(provider, guests)
    assert provider.accepted.total() == 2 * count


def test_two_workers_and_the_send_command_send_each_email_once_in_order(
    provider: Provider, settings: dict[str, str], replica_set: ReplicaSet, tmp_path: Path
) -> None:
    with serving(replica_set.uri, tmp_path, **settings) as served:
        alone = lone_sender(served)
        try:
            wait_until_connected(served, alone.pid)
            guests = book(served, 20)
            wait_until_marked(served, 40)
        finally:
            stop(alone)
        assert alone.returncode == 0
    assert set(provider.arrivals_per_key().values()) == {1}
    assert_two_letters_for_each(provider, guests)
    assert_admin_first(provider, guests)


def test_booking_is_answered_while_the_provider_hangs(
    provider: Provider, settings: dict[str, str], replica_set: ReplicaSet, tmp_path: Path
) -> None:
    provider.by_recipient[ADMIN] = Says(422, "validation_error", seconds=5)
    with serving(replica_set.uri, tmp_path, **settings) as served:
        (guest,) = book(served, 1)
        assert (marked(served), dead_letters(served)) == (0, [])
        wait_until_marked(served, 1)
        (dead,) = dead_letters(served)
        assert (dead["to"], dead["lastError"]) == (ADMIN, "resend: 422 validation_error")
        provider.by_recipient.clear()
        assert served.api.admin("POST", f"/letters/{dead['_id']}/retry").status == 200
        wait_until_marked(served, 2)
        assert dead_letters(served) == []
    assert {to for to, _, _ in provider.accepted} == {ADMIN, guest}


def dead_letters(served: Served) -> list[dict[str, Any]]:
    answer = served.api.admin("GET", "/letters?state=dead")
    assert answer.status == 200
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def lone_sender(served: Served) -> subprocess.Popen[bytes]:
    """Start `flask letters send` beside the service."""
    return fork_server("plain").spawn(
        "flask", "letters", "send", environment=served.environment, stdout=served.log, stderr=served.log
    )


def wait_until_connected(served: Served, pid: int, seconds: float = 30.0) -> None:
    """Wait until the process `pid` has asked for the lease."""
    end = time.monotonic() + seconds
    named: list[dict[str, Any]] = [
        {"$currentOp": {"idleConnections": True}},
        {"$match": {"appName": app_name(pid)}},
    ]
    while not list(served.db.client.admin.aggregate(named)):
        assert time.monotonic() < end, "the lone sender did not come up"
        time.sleep(0.05)
