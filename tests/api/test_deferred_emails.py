"""Deferred e-mails in the views: they count, are listed and are erased like queued rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Any

import pytest
from flask import Flask

import wiring
from booking.deferred_store import DeferredStore
from core.mongo import transactions
from core.mongo.client import Db
from core.mongo.transactions import Session
from notifications.outbox import store as outbox_store
from tests.api.applications import application
from tests.api.conftest import Clock, Recorded
from tests.api_client import Api, over_app
from tests.deferred import write_deferred


def booked(api: Api, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = api.book(api.slots()[0], **changes).json["booking"]
    return made


def marked(db: Db) -> int:
    return db.bookings.count_documents({"confirmationDeferred": True})


def listed(api: Api, **query: Any) -> list[str]:
    """Return the ids of all e-mails, page by page."""
    found: list[str] = []
    after: dict[str, Any] = {}
    while True:
        answer = api.admin("GET", "/letters", query={**query, **after}).json
        found += [email["_id"] for email in answer["items"]]
        if not answer["next"]:
            return found
        after = {"after": answer["next"]}


def test_booking_costs_three_commands(listened: Flask, recorded: Recorded) -> None:
    api = Api(over_app(listened))
    slot = api.slots()[0]
    api.book(slot, key="key-1")
    recorded.names.clear()

    assert api.book(slot, key="key-2").status == 201

    assert recorded.names == ["findAndModify", "insert", "commitTransaction"]


def test_deferred_emails_count_as_queued(api: Api, services: wiring.Services) -> None:
    booked(api)
    booked(api)
    write_deferred(services.db)
    booked(api)

    counts = {"queued": 6, "sending": 0, "retrying": 0, "sent": 0, "dead": 0}
    assert api.admin("GET", "/stats").json["letters"] == counts
    assert re.search(r'^letters\{state="queued"\} 6', api.get("/metrics").body.decode(), re.M)
    assert marked(services.db) == 1


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_deferred_emails_are_listed_among_rows_newest_first(
    make_app: Callable[..., Flask], clock: Clock, limit: int
) -> None:
    api, services = application(make_app, clock=clock)
    made = []
    for number in range(6):
        made.append(api.book(api.slots()[number % 2]).json["booking"])
        if number == 2:
            write_deferred(services.db)
        # Some bookings have the same creation time.
        clock.pass_by(seconds=number % 2)
    by_time = sorted((one["createdAt"], f"{one['id']}-{part}") for one in made for part in ("admin", "guest"))
    newest_first = [email_id for _, email_id in reversed(by_time)]

    assert listed(api, limit=limit) == listed(api, limit=limit, state="queued") == newest_first
    assert listed(api, limit=limit, state="sent") == []
    write_deferred(services.db)
    assert listed(api, limit=limit) == newest_first


def test_cursor_of_a_later_email_keeps_its_booking_s_deferred_ones(
    make_app: Callable[..., Flask], clock: Clock
) -> None:
    api, services = application(make_app, clock=clock)
    cancelled, other = booked(api), booked(api)
    api.held("DELETE", cancelled)  # at the same time

    assert len(listed(api, limit=1)) == 5
    assert sorted(listed(api, limit=1)) == sorted(listed(api, limit=50))
    assert marked(services.db) == 1
    assert len(listed(api, about=other["id"])) == 2


def test_deferred_emails_are_listed_by_booking(api: Api) -> None:
    made = booked(api)
    booked(api)

    found = api.admin("GET", "/letters", query={"about": made["id"]}).json["items"]

    assert [(email["template"], email["state"]) for email in found] == [
        ("guest_booking", "queued"),
        ("admin_booking", "queued"),
    ]


def test_retry_of_a_deferred_email_is_refused_as_not_failed(api: Api) -> None:
    made = booked(api)

    refused = api.admin("POST", f"/letters/{made['id']}-guest/retry")
    unknown = api.admin("POST", f"/letters/{made['id']}-other/retry")

    assert (refused.status, refused.code) == (409, "letter_not_failed")
    assert unknown.status == 404


def test_own_data_has_the_deferred_email_to_the_guest(api: Api) -> None:
    made = booked(api)

    assert [email["template"] for email in api.held("GET", made, "/data").json["letters"]] == ["guest_booking"]


def test_ready_warns_of_deferred_emails_that_wait_for_long(make_app: Callable[..., Flask], clock: Clock) -> None:
    api, services = application(make_app, clock=clock)
    booked(api)
    clock.pass_by(minutes=9)
    early = services.outbox_health.warnings()

    clock.pass_by(minutes=2)

    assert (early, services.outbox_health.warnings()) == ([], ["an e-mail has waited for 11 minutes"])


def test_erasure_drops_and_counts_deferred_emails(api: Api, services: wiring.Services) -> None:
    gone, kept = booked(api), booked(api)

    done = services.booking.erase_person.execute(gone["email"])

    assert (done.bookings, done.emails, marked(services.db)) == (1, 2, 1)
    assert services.outbox.by_subject(gone["id"]) == []
    db = write_deferred(services.db)
    assert {row["about"] for row in db.letters.find()} == {kept["id"]}


def test_retention_drops_deferred_emails(
    make_app: Callable[..., Flask], small_schedule: Callable[..., str], clock: Clock
) -> None:
    api, services = application(make_app, SCHEDULE_FILE=small_schedule(), clock=clock)
    api.book(api.slots("2031-06-10")[0])
    clock.at = clock.at.replace(year=2031, month=7, day=20)

    done = services.booking.apply_retention.execute(10)

    assert (done.bookings, done.emails) == (1, 2)
    assert write_deferred(services.db).letters.count_documents({}) == 0


def erase_while_the_worker_writes(api: Api, services: wiring.Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Erase a guest after the worker has removed the mark, and before it commits the rows."""
    made = booked(api)
    insert = transactions.insert
    erasing = Thread(target=lambda: services.booking.erase_person.deletion.execute([made["id"]]))

    def meanwhile(session: Session, *given: Any) -> None:
        if not erasing.ident:
            erasing.start()
            erasing.join(0.3)  # It waits for this transaction, if it waits.
        insert(session, *given)

    monkeypatch.setattr(outbox_store, "insert", meanwhile)
    write_deferred(services.db)
    erasing.join()


def test_erasure_while_the_worker_writes_leaves_no_email(
    api: Api, services: wiring.Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase_while_the_worker_writes(api, services, monkeypatch)

    assert (services.db.letters.count_documents({}), marked(services.db)) == (0, 0)


def test_control_rows_written_outside_a_transaction_survive_erasure(
    api: Api, services: wiring.Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear = DeferredStore.clear

    def clear_outside(deferred: DeferredStore, _session: Session, ids: Sequence[str]) -> int:
        with services.client.start_session() as other, other.start_transaction():
            return clear(deferred, other, ids)

    monkeypatch.setattr(DeferredStore, "clear", clear_outside)

    erase_while_the_worker_writes(api, services, monkeypatch)

    assert services.db.letters.count_documents({}) == 2


def test_reads_of_deferred_emails_use_their_index(api: Api, services: wiring.Services) -> None:
    for _ in range(3):
        booked(api)
    write_deferred(services.db)
    booked(api)
    services.db.command({"profile": 2})

    services.outbox.counts()
    listed(api)
    services.outbox_health.warnings()
    write_deferred(services.db)
    services.db.command({"profile": 0})

    of_bookings = {"ns": f"{services.db.name}.bookings", "planSummary": {"$exists": True}}
    reads = list(services.db["system.profile"].find(of_bookings))
    assert reads
    assert {read.get("docsExamined", 0) <= 1 for read in reads} == {True}
    assert not [read for read in reads if read["planSummary"] == "COLLSCAN"]
