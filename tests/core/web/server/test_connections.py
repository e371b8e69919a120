"""Connection table: who is dropped for whom, who is given up, and who ends at a stop."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from core.web.server import connections
from core.web.server.connections import (
    EXPENDABLE_SECONDS,
    MIN_BYTES_PER_SECOND,
    PATIENCE_SECONDS,
    ClientConnection,
    ConnectionLimits,
    ConnectionTable,
)

LIMITS = ConnectionLimits(total=6, per_address=3, head_seconds=5.0)


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Clients:
    """Connections of a table, by name, and what the table did with them."""

    clock: Clock
    table: ConnectionTable = field(default_factory=lambda: ConnectionTable(LIMITS))
    aborted: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)

    def make(self, name: str, address: str = "a") -> ClientConnection:
        return ClientConnection(address, lambda: self.aborted.append(name), lambda: self.finished.append(name))

    def admit(self, name: str, address: str = "a") -> ClientConnection:
        connection = self.make(name, address)
        assert self.table.admit(connection)
        return connection


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Clients:
    clock = Clock()
    monkeypatch.setattr(connections, "monotonic", clock)
    return Clients(clock)


def test_address_with_busy_connections_only_gets_no_more(clients: Clients) -> None:
    for name in "xyz":
        clients.admit(name)

    assert not clients.table.admit(clients.make("late"))

    assert clients.aborted == []
    clients.admit("of another address", "b")


def test_full_address_loses_its_longest_idle_connection(clients: Clients) -> None:
    for name in "xyz":
        clients.admit(name).begin_waiting()
        clients.clock.now += EXPENDABLE_SECONDS

    clients.admit("new")

    assert clients.aborted == ["x"]
    assert clients.table.count() == 3


def test_connection_that_just_became_idle_is_not_dropped(clients: Clients) -> None:
    for name in "xyz":
        clients.admit(name).begin_waiting()

    assert not clients.table.admit(clients.make("new"))

    assert clients.aborted == []


def test_unread_answer_is_dropped_before_an_idle_connection(clients: Clients) -> None:
    clients.admit("idle").begin_waiting()
    clients.admit("slow").begin_write_wait()
    slower = clients.admit("slower")
    slower.patience = 5.0
    slower.begin_write_wait()
    clients.clock.now += EXPENDABLE_SECONDS

    clients.admit("new")

    assert clients.aborted == ["slower"]


def test_full_worker_drops_a_connection_of_any_address_for_a_new_one(clients: Clients) -> None:
    for number in range(LIMITS.total):
        clients.admit(f"{number}", address=f"address {number}").begin_waiting()
        clients.clock.now += EXPENDABLE_SECONDS

    clients.admit("new", "b")

    assert clients.aborted == ["0"]


def test_flood_of_one_address_does_not_stop_the_search_for_others(clients: Clients) -> None:
    for name in "xyz":
        clients.admit(name)
        clients.admit(f"idle {name}", "b").begin_waiting()
    clients.clock.now += EXPENDABLE_SECONDS
    assert not clients.table.admit(clients.make("late"))

    clients.admit("new", "c")

    assert len(clients.aborted) == 1


def test_full_worker_of_busy_connections_admits_a_new_one_while_it_can(clients: Clients) -> None:
    for number in range(LIMITS.total):
        clients.admit(f"{number}", address=f"address {number}")

    clients.admit("new", "b")

    assert clients.aborted == []


def test_addresses_behind_a_proxy_have_no_limit_of_their_own(clients: Clients) -> None:
    clients.table.limits = ConnectionLimits(total=100, per_address=None, head_seconds=5.0)

    for number in range(50):
        clients.admit(f"{number}")

    assert clients.table.count() == 50


def test_released_connection_frees_its_place(clients: Clients) -> None:
    first, *_ = [clients.admit(name) for name in "xyz"]

    clients.table.release(first)
    clients.table.release(first)

    clients.admit("new")
    assert clients.table.count() == 3


def test_client_that_reads_nothing_is_given_up_after_the_patience(clients: Clients) -> None:
    clients.admit("unread").begin_write_wait()
    clients.clock.now += PATIENCE_SECONDS - 1
    clients.table.sweep()
    assert clients.aborted == []

    clients.clock.now += 1
    clients.table.sweep()

    assert clients.aborted == ["unread"]
    assert clients.table.count() == 0


@pytest.mark.parametrize(("rate", "aborted"), [(0.9, ["client"]), (1.1, [])], ids=["too slow", "fast enough"])
def test_client_that_trickles_is_given_up_below_the_least_rate(
    rate: float, aborted: list[str], clients: Clients
) -> None:
    client = clients.admit("client")
    for _ in range(400):
        client.begin_write_wait()
        clients.clock.now += 1.0
        clients.table.sweep()
        client.end_write_wait(int(rate * MIN_BYTES_PER_SECOND))

    assert clients.aborted[:1] == aborted


def test_next_request_restores_the_patience(clients: Clients) -> None:
    client = clients.admit("client")
    client.begin_write_wait()
    clients.clock.now += PATIENCE_SECONDS - 1
    client.end_write_wait(1)
    client.begin_waiting()
    client.begin_request()

    assert client.patience_left() == PATIENCE_SECONDS
    assert client.waiting_since is None


def test_head_that_does_not_come_ends_its_connection(clients: Clients) -> None:
    clients.admit("silent").begin_waiting()
    clients.admit("busy")
    clients.clock.now += LIMITS.head_seconds + 1

    clients.table.sweep()

    assert clients.finished == ["silent"]


def test_stop_ends_idle_connections_only(clients: Clients) -> None:
    clients.admit("idle").begin_waiting()
    clients.admit("busy")
    clients.admit("writing").begin_write_wait()

    clients.table.finish_idle()

    assert clients.finished == ["idle"]
    assert clients.aborted == []
