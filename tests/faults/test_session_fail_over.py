"""Sessions across the loss of a primary: a refresh under way loses no session, and no ended session comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import requests
from pymongo.errors import AutoReconnect

from accounts.model import AccountSession
from accounts.session_store import Rotation, SessionStore
from devdb.replica_set import ReplicaSet, start_replica_set
from tests.conftest import Served, serving
from tests.faults.concurrency import run_concurrently
from tests.faults.conftest import FaultyService

PASSWORD = "correct horse 7"
PEOPLE = 6


@pytest.fixture
def three_nodes() -> Iterator[ReplicaSet]:
    """A replica set that survives the loss of a node."""
    with start_replica_set(nodes=3, test_commands=True) as running:
        yield running


@dataclass
class Person:
    """A person whose browser refreshes again and again."""

    served: Served
    email: str
    browser: requests.Session = field(default_factory=requests.Session)
    refused: int = 0
    refreshed: int = 0

    def post(self, path: str, **body: str) -> int:
        answer = self.browser.post(f"{self.served.url}/api/auth{path}", json=body, timeout=60)
        return answer.status_code

    def register(self) -> None:
        assert self.post("/register", name="Ada", email=self.email, password=PASSWORD) == 201

    def refresh_until(self, end: threading.Event) -> None:
        """Refresh until `end`; a 503 is repeated with the cookie that it set, as browsers do."""
        while not end.is_set():
            status = self.post("/refresh")
            assert status in (200, 401, 503), status
            self.refreshed += status == 200
            self.refused += status == 401
            if status == 401:
                return

    def refresh_until_answered(self) -> int:
        """Refresh once more and return the status. The other node may follow the new primary a minute late."""
        end = time.monotonic() + 90
        status = self.post("/refresh")
        while status == 503 and time.monotonic() < end:
            status = self.post("/refresh")
        return status


def test_refreshes_during_the_loss_of_a_primary_lose_no_session(three_nodes: ReplicaSet, tmp_path: Path) -> None:
    with serving(three_nodes.uri, tmp_path) as served:
        people = [Person(served, f"person{number}@example.org") for number in range(PEOPLE)]
        for person in people:
            person.register()
        ended = Person(served, "ended@example.org")
        ended.register()
        token = ended.browser.cookies["refreshToken"]
        assert ended.post("/logout") == 204
        end = threading.Event()

        refreshing: list[Callable[[], None]] = [partial(person.refresh_until, end) for person in people]

        def kill_the_primary() -> None:
            time.sleep(1)
            three_nodes.primary().kill()
            three_nodes.wait_writable()
            time.sleep(3)
            end.set()

        run_concurrently([kill_the_primary, *refreshing], most=PEOPLE + 1)

        assert [person.refused for person in people] == [0] * PEOPLE
        assert all(person.refreshed > 1 for person in people)
        assert [person.refresh_until_answered() for person in people] == [200] * PEOPLE
        answer = requests.post(f"{served.url}/api/auth/refresh", cookies={"refreshToken": token}, timeout=30)
        assert answer.status_code == 401


def refreshed_with_a_lost_reply(faulty: FaultyService, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Register and refresh twice; the reply to the first rotation is lost, also to the driver's own retry."""
    rotate = SessionStore.rotate
    lost: list[Rotation] = []

    def rotate_without_reply(store: SessionStore, rotation: Rotation) -> AccountSession | None:
        session = rotate(store, rotation)
        if not lost:
            lost.append(rotation)
            raise AutoReconnect("connection closed")
        return session

    monkeypatch.setattr(SessionStore, "rotate", rotate_without_reply)
    client = faulty.app.test_client()
    body = {"name": "Ada", "email": "ada@example.org", "password": PASSWORD}
    assert client.post("/api/auth/register", json=body).status_code == 201
    return [client.post("/api/auth/refresh").status_code for _ in range(2)]


def test_refresh_with_a_lost_reply_is_answered_with_its_own_rotation(
    faulty: FaultyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refreshed_with_a_lost_reply(faulty, monkeypatch) == [200, 200]


def test_control_refresh_that_does_not_know_its_own_rotation_is_refused(
    faulty: FaultyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rotation, "replaced", property(lambda rotation: {"digest": {"$in": rotation.old.digests}}))

    assert refreshed_with_a_lost_reply(faulty, monkeypatch) == [401, 401]


def test_refresh_without_a_database_is_503_and_keeps_the_session(
    faulty: FaultyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.refresh.ROTATION_TIMEOUT", 0.5)
    client = faulty.app.test_client()
    body = {"name": "Ada", "email": "ada@example.org", "password": PASSWORD}
    assert client.post("/api/auth/register", json=body).status_code == 201

    with faulty.fault("findAndModify", closeConnection=True):
        answer = client.post("/api/auth/refresh")

    assert (answer.status_code, answer.get_json()["code"]) == (503, "outcome_unknown")
    assert int(answer.headers["Retry-After"]) > 0
    assert client.post("/api/auth/refresh").status_code == 200
