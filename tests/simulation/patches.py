"""Replaces time, random ids and the commit of transactions by those of the present world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError

from core.errors import OutcomeUnknown
from core.mongo import transactions
from tests.simulation.world import World

commit = transactions._commit
attempt = transactions._attempt
HEX = "0123456789abcdef"


@dataclass
class Simulation:
    """The present world of the patched modules."""

    world: World = field(default_factory=lambda: World(0))
    commits: int = 0

    # As the module `time`.
    def monotonic(self) -> float:
        return self.world.monotonic()

    def sleep(self, seconds: float) -> None:
        self.world.sleep(seconds)

    # As the module `secrets`.
    def token_hex(self, size: int) -> str:
        return "".join(self.world.ids.choices(HEX, k=2 * size))

    def choice(self, letters: str) -> str:
        return self.world.ids.choice(letters)

    def attempt(self, session: ClientSession, work: Callable[[ClientSession], Any], deadline: float) -> Any:
        """An await before each transaction."""
        self.world.wait("transaction", delay=0.3)
        return attempt(session, work, deadline)

    def commit(self, session: ClientSession, deadline: float) -> None:
        """Commit, with a fault before, during or after it."""
        world = self.world
        if world.happens(0.04):
            session.abort_transaction()
            world.wait("commit", crash=0.5, delay=0)
            world.note("the transaction is aborted")
            raise _transient()
        commit(session, deadline)
        self.commits += 1
        if world.happens(0.02):
            world.note("the commit is repeated")
            session.commit_transaction()
        world.wait("committed")
        if world.happens(0.02):
            world.note("the outcome of the commit is unknown")
            raise OutcomeUnknown


def _transient() -> PyMongoError:
    error = PyMongoError("simulated")
    error._add_error_label("TransientTransactionError")
    return error


@contextmanager
def simulated() -> Iterator[Simulation]:
    """Patch the modules until the block ends."""
    present = Simulation()
    targets = {
        "core.clock.time": present,
        "core.ids.secrets": present,
        "orders.tickets.codes.secrets": present,
        "orders.checkout.time": present,
        "inventory.group_commit.time": present,
        "core.mongo.transactions._commit": present.commit,
        "core.mongo.transactions._attempt": present.attempt,
        "core.mongo.transactions._pause": lambda: None,
    }
    patches = [mock.patch(target, replacement) for target, replacement in targets.items()]
    for each in patches:
        each.start()
    try:
        yield present
    finally:
        for each in patches:
            each.stop()
