"""Stream of the tickets of all events: snapshots, updates, and resumption."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import live.topics.tickets
from core.mongo.client import Db
from core.mongo.transactions import Session, transaction
from events.model import Event, EventStatus
from live.broadcast_log import ReadCursor
from live.model import Write
from tests.event_calls import new_tier, store_event
from tests.live.conftest import TICKETS, Reader, Worker
from tests.live.ticket_claims import Claims
from tests.live.ticket_rush import DisplayedTickets


def db_of(worker: Worker) -> Db:
    return worker.live.change_stream._db


def opened(worker: Worker, last_id: str = "") -> Reader:
    """Return a reader of tickets past its snapshot."""
    reader = worker.read(last_id, TICKETS)
    assert reader.next().name == "snapshot"
    return reader


def next_update(reader: Reader) -> tuple[str, int, list[int]]:
    message = reader.next()
    assert message.name == "ticketUpdate"
    assert message.payload.keys() == {"eventId", "remainingTickets", "tiers"}
    assert all(tier.keys() == {"id", "remaining"} for tier in message.payload["tiers"])
    remaining = [tier["remaining"] for tier in message.payload["tiers"]]
    return message.payload["eventId"], message.payload["remainingTickets"], remaining


def test_snapshot_shows_the_remaining_tickets_of_published_events(worker: Worker) -> None:
    db = db_of(worker)
    single = store_event(db)
    pooled = store_event(db, new_tier("A", capacity=5), new_tier("B", capacity=9), pool=11)
    store_event(db, status=EventStatus.DRAFT)
    store_event(db, status=EventStatus.CANCELLED)
    Claims(db).claim(single, 3)

    message = worker.read(date=TICKETS).next()

    assert message.name == "snapshot"
    assert message.payload == {
        "events": [
            {"eventId": event_id, "remainingTickets": remaining}
            for event_id, remaining in sorted([(single.id, 7), (pooled.id, 11)])
        ]
    }


def test_snapshot_without_events_is_empty(worker: Worker) -> None:
    assert worker.read(date=TICKETS).next().payload == {"events": []}


def test_every_kind_of_stock_change_is_sent(worker: Worker) -> None:
    db = db_of(worker)
    event = store_event(db, new_tier("A", capacity=10), new_tier("B", capacity=10))
    first, _ = event.tiers
    claims = Claims(db)
    reader = opened(worker)

    claims.claim(event, 2)
    assert next_update(reader) == (event.id, 18, [8, 10])
    claims.claim(event, 1, tier=1)
    assert next_update(reader) == (event.id, 17, [8, 9])
    claims.claim(event, -2)
    assert next_update(reader) == (event.id, 19, [10, 9])
    db.event_stock.update_one({"_id": first.id}, {"$set": {"capacity": 4}})
    assert next_update(reader) == (event.id, 13, [4, 9])
    db.event_stock.update_one({"_id": first.id}, {"$set": {"closed": True}})
    assert next_update(reader) == (event.id, 9, [0, 9])
    db.event_stock.update_one({"_id": first.id}, {"$set": {"closed": False}})
    assert next_update(reader) == (event.id, 13, [4, 9])
    db.event_stock.delete_one({"_id": first.id})
    assert next_update(reader) == (event.id, 9, [9])


def test_begin_and_end_of_a_hold_are_sent_and_its_sale_is_not(worker: Worker) -> None:
    db = db_of(worker)
    event = store_event(db)
    row = {"_id": event.tiers[0].id}
    reader = opened(worker)

    db.event_stock.update_one(row, {"$inc": {"taken": 3, "held": 3}})
    assert next_update(reader) == (event.id, 7, [7])
    db.event_stock.update_one(row, {"$inc": {"held": -2}})
    db.event_stock.update_one(row, {"$inc": {"waiting": 1}})
    db.event_stock.update_one(row, {"$inc": {"taken": -1, "held": -1}})

    assert next_update(reader) == (event.id, 8, [8])


def test_claim_of_tier_and_pool_makes_one_update(worker: Worker) -> None:
    db = db_of(worker)
    event = store_event(db, new_tier("A", capacity=5), new_tier("B", capacity=9), pool=6)
    reader = opened(worker)

    Claims(db).claim(event, 2, tier=1)

    assert next_update(reader) == (event.id, 4, [4, 4])
    assert reader.maybe() is None


def test_control_update_after_each_write_shows_tier_without_pool(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = live.topics.tickets.TicketView.apply

    def apply_each(view: Any, writes: list[Write]) -> list[Any]:
        return [change for write in writes for change in apply(view, [write])]

    monkeypatch.setattr(live.topics.tickets.TicketView, "apply", apply_each)
    db = db_of(worker)
    event = store_event(db, new_tier("A", capacity=5), pool=4)
    reader = opened(worker)

    def claim(session: Session) -> None:
        for row in event.stock:
            db.event_stock.update_one({"_id": row.id}, {"$inc": {"taken": 2}}, session=session)

    transaction(db.client, claim, 8.0)

    assert [next_update(reader)[1] for _ in range(2)] == [3, 2]


def test_pool_closed_or_reduced_is_sent(worker: Worker) -> None:
    db = db_of(worker)
    event = store_event(db, new_tier("A", capacity=5), new_tier("B", capacity=9), pool=11)
    assert event.pool
    reader = opened(worker)

    db.event_stock.update_one({"_id": event.pool.id}, {"$set": {"capacity": 3}})
    assert next_update(reader) == (event.id, 3, [3, 3])
    db.event_stock.update_one({"_id": event.pool.id}, {"$set": {"closed": True}})
    assert next_update(reader) == (event.id, 0, [0, 0])
    db.event_stock.delete_one({"_id": event.pool.id})
    assert next_update(reader) == (event.id, 14, [5, 9])


def test_event_published_cancelled_and_deleted_is_sent(worker: Worker) -> None:
    db = db_of(worker)
    reader = opened(worker)
    event = store_event(db)
    assert next_update(reader) == (event.id, 10, [10])
    draft = store_event(db, status=EventStatus.DRAFT)

    def set_status(event: Event, status: str) -> None:
        def write(session: Session) -> None:
            db.events.update_one({"_id": event.id}, {"$set": {"status": status}}, session=session)
            closed = {"$set": {"closed": status != "published"}}
            db.event_stock.update_many({"eventId": event.id}, closed, session=session)

        transaction(db.client, write, 8.0)

    set_status(draft, "published")
    assert next_update(reader) == (draft.id, 10, [10])
    set_status(draft, "draft")
    assert next_update(reader) == (draft.id, 0, [0])
    set_status(event, "cancelled")
    assert next_update(reader) == (event.id, 0, [0])
    db.event_stock.update_many({}, {"$set": {"taken": 1}})
    set_status(event, "published")
    assert next_update(reader) == (event.id, 9, [9])
    delete(db, event)
    assert next_update(reader) == (event.id, 0, [])
    delete(db, draft)
    assert reader.maybe() is None
    assert worker.read(date=TICKETS).next().payload == {"events": []}


def delete(db: Db, event: Event) -> None:
    def write(session: Session) -> None:
        db.events.delete_one({"_id": event.id}, session=session)
        db.event_stock.delete_many({"eventId": event.id}, session=session)

    transaction(db.client, write, 8.0)


def test_slots_and_tickets_are_sent_to_their_own_subscribers(worker: Worker) -> None:
    event = store_event(db_of(worker))
    slot, *_ = worker.api.slots()
    tickets, slots = opened(worker), worker.read()
    assert slots.next().name == "snapshot"

    assert worker.api.book(slot).status == 201
    Claims(db_of(worker)).claim(event)

    assert next_update(tickets) == (event.id, 9, [9])
    assert slots.next().name == "slotUpdate"
    assert (tickets.maybe(), slots.maybe()) == (None, None)


def test_transaction_over_several_events_resumes_between_its_updates(make_worker: Callable[..., Worker]) -> None:
    here, there = make_worker(), make_worker()
    db = db_of(here)
    events = [store_event(db, new_tier("A"), pool=9) for _ in range(3)]
    readers = [opened(here), opened(there)]
    lines: dict[str, int] = {}
    for event in events:
        lines |= event.lines_of(event.tiers[0], 1)

    Claims(db).change(lines)

    first, second = ([reader.next() for _ in events] for reader in readers)
    assert first == second
    assert len({message.id for message in first}) == len({message.id.rpartition("-")[0] for message in first}) * 3
    assert {message.payload["eventId"] for message in first} == {event.id for event in events}
    assert {message.payload["remainingTickets"] for message in first} == {8}
    resumed = there.read(first[0].id, TICKETS)
    assert [resumed.next(), resumed.next()] == first[1:]
    assert resumed.maybe() is None


def commute(workers: list[Worker], cuts: int) -> tuple[DisplayedTickets, dict[str, int]]:
    """Read on one worker after the other, from the last id, during claims; return the displayed and the real counts."""
    db = db_of(workers[0])
    events = [store_event(db, new_tier("A", capacity=500), pool=400) for _ in range(3)]
    claims = [Claims(db), Claims(db)]
    displayed, last, ended = DisplayedTickets(), "", threading.Event()
    whole, uncut = DisplayedTickets(), workers[0].read("", TICKETS)

    def rush() -> None:
        for number in range(cuts):
            claims[number % 2].claim(events[number % len(events)])
        ended.set()

    crowd = threading.Thread(target=rush)
    crowd.start()
    for number in range(cuts):
        reader = workers[number % 2].read(last, TICKETS)
        for _ in range(number % 3):
            message = reader.maybe(1)
            if message:
                displayed.apply(message)
                last = message.id
    crowd.join(60)
    assert ended.is_set()
    # The last claim has arrived before the last resumption.
    claims[0].claim(events[0])
    remaining = {event.id: claims[0].remaining(event) for event in events}
    while whole.events != remaining:
        whole.apply(uncut.next())
    reader = workers[0].read(last, TICKETS)
    while message := reader.maybe():
        displayed.apply(message)
    return displayed, remaining


def test_subscriber_cut_a_hundred_times_misses_no_claim(make_worker: Callable[..., Worker]) -> None:
    displayed, remaining = commute([make_worker(), make_worker()], 100)

    assert displayed.events == remaining
    assert sum(remaining.values()) == 3 * 400 - 101


def test_control_ticket_resume_at_the_newest_position_misses_claims(make_worker: Callable[..., Worker]) -> None:
    workers = [make_worker(), make_worker()]
    for worker in workers:
        log = worker.live.broadcast_log
        log.resume = lambda topic, position, log=log: ReadCursor(log.epoch, log._newest)  # type: ignore[method-assign, misc]

    displayed, remaining = commute(workers, 20)

    assert displayed.events != remaining


def test_slow_subscriber_of_tickets_gets_a_snapshot(make_worker: Callable[..., Worker]) -> None:
    worker = make_worker(max_changes=3)
    event = store_event(db_of(worker))
    claims = Claims(db_of(worker))
    slow, quick = opened(worker), opened(worker)
    for count in range(1, 5):
        claims.claim(event)
        assert next_update(quick)[1] == 10 - count

    fallen = slow.next()

    assert fallen.payload == {"events": [{"eventId": event.id, "remainingTickets": 6}]}
    assert slow.maybe() is None


def test_lost_history_sends_tickets_as_a_snapshot(worker: Worker) -> None:
    event = store_event(db_of(worker))
    readers = [opened(worker) for _ in range(2)]

    with worker.fault("getMore", times=1, errorCode=286):
        assert [reader.next().name for reader in readers] == ["snapshot"] * 2

    Claims(db_of(worker)).claim(event)
    assert [next_update(reader) for reader in readers] == [(event.id, 9, [9])] * 2


def test_lost_cursor_sends_no_snapshot(worker: Worker) -> None:
    event = store_event(db_of(worker))
    reader = opened(worker)

    with worker.fault("getMore", times=1, errorCode=43) as struck:
        struck()
        Claims(db_of(worker)).claim(event)

    assert next_update(reader) == (event.id, 9, [9])


@pytest.mark.parametrize("name", ["events", "event_stock"])
def test_dropped_collection_of_events_sends_a_snapshot(name: str, worker: Worker) -> None:
    store_event(db_of(worker))
    reader = opened(worker)

    db_of(worker).drop_collection(name)

    assert reader.next().name == "snapshot"


def test_message_id_of_a_date_gets_a_snapshot_of_tickets(worker: Worker) -> None:
    foreign = worker.read().next().id

    assert worker.read(foreign, TICKETS).next().name == "snapshot"
