"""A rush of reservations at a served service, and what a client displays of the tickets."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from core.config.settings import from_env
from core.mongo.client import Db
from events.model import Event
from events.store import EventStore
from tests.conftest import Served
from tests.event_calls import new_tier, store_event
from tests.live.sse_client import Event as Message
from tests.members import Member, members

PEOPLE = 500
THREADS = 8


@dataclass
class DisplayedTickets:
    """The remaining tickets by event as a page shows them after its messages."""

    events: dict[str, int] = field(default_factory=dict)

    def apply(self, message: Message) -> None:
        if message.name == "snapshot":
            self.events = {event["eventId"]: event["remainingTickets"] for event in message.payload["events"]}
        else:
            self.events[message.payload["eventId"]] = message.payload["remainingTickets"]


@dataclass(frozen=True)
class Rush:
    """People who reserve tickets of `events`, the last of which is sold out before they all have one."""

    db: Db
    events: Sequence[Event]
    people: Sequence[Member]
    done: threading.Event = field(default_factory=threading.Event)

    def remaining(self) -> dict[str, int]:
        """Return the remaining tickets of every event in the database."""
        store = EventStore(self.db)
        return {row["_id"]: store.get(row["_id"]).remaining for row in self.db["events"].find({}, {"_id": 1})}

    def run(self) -> None:
        """Let everybody reserve a ticket of the events in turn."""

        def reserve(number: int) -> int:
            return self.people[number].reserve(self.events[number % len(self.events)].id).status

        with ThreadPoolExecutor(THREADS) as threads:
            statuses = list(threads.map(reserve, range(len(self.people))))
        self.done.set()
        assert set(statuses) == {201, 409}

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the rush beside the block, and wait for its end."""
        with ThreadPoolExecutor(1) as thread:
            running = thread.submit(self.run)
            yield
            running.result(120)


def prepare_rush(served: Served, people: int = PEOPLE) -> Rush:
    """Store people and three events: with a pool, large, and with too few tickets."""
    db = served.db
    events = [
        store_event(db, new_tier(capacity=people), pool=people // 2),
        store_event(db, new_tier("A", capacity=people), new_tier("B", capacity=7)),
        store_event(db, new_tier(capacity=people // 5)),
    ]
    settings = from_env(served.environment)
    return Rush(db, events, members(db, settings, served.api.send, people))
