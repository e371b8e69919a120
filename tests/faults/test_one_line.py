"""What one guest is told comes in one line, whoever marks, repeats or withdraws a letter at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest

import wiring
from core.mongo import Db, Document
from notifications.model import Letter, Outcome, Result, State
from notifications.service import Letters
from tests.api_client import Answer, Api

Made = Mapping[str, Any]
WAYS = ("cancel", "move")
TOLD = {"cancel": "guest_cancellation", "move": "guest_rescheduled"}


def change(api: Api, way: str, made: Made) -> Answer:
    if way == "cancel":
        return api.held("DELETE", made)
    other = next(slot for slot in api.slots() if slot["_id"] != made["slotId"])
    return api.held("POST", made, "/reschedule", json={"slotId": other["_id"]})


def in_hand(services: wiring.Services) -> list[Letter]:
    """Mark the organiser's letter as sent and return the guest's, leased."""
    store, now = services.worker.store, datetime.now(UTC)
    store.keep([Outcome(letter, Result.SENT) for letter in store.lease(10, now)], now)
    return store.lease(10, now)


def told(db: Db, made: Made, template: str) -> Document:
    found = db.letters.find_one({"about": made["id"], "template": template})
    assert found
    return found


def is_due(db: Db, made: Made, template: str) -> bool:
    row = told(db, made, template)
    return bool(row["state"] == State.QUEUED and row["dueAt"] <= datetime.now(UTC) + timedelta(seconds=1))


def waits_for_a_change(db: Db) -> bool:
    """Return whether somebody waits to write to a letter that a transaction under way has written to."""
    waiting = {"ns": f"{db.name}.letters", "writeConflicts": {"$gt": 0}}
    return bool(list(db.client.admin.aggregate([{"$currentOp": {}}, {"$match": waiting}])))


def once(do: Callable[[], None]) -> Callable[[], None]:
    """Return `do` that does nothing the second time: a transaction may run again."""
    left = [do]
    return lambda: left.pop()() if left else None


# A letter is marked while another is put behind it


@pytest.mark.parametrize("result", [Result.SENT, Result.DEAD])
@pytest.mark.parametrize("way", WAYS)
def test_a_letter_marked_between_a_changes_snapshot_and_its_look_holds_up_nothing(
    way: str, result: Result, api: Api, services: wiring.Services, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    leased = in_hand(services)
    mark = once(lambda: services.worker.store.keep([Outcome(each, result) for each in leased], datetime.now(UTC)))
    look = Letters.last_unsent

    def marked_first(letters: Letters, *given: Any) -> str | None:
        mark()
        return look(letters, *given)

    monkeypatch.setattr(Letters, "last_unsent", marked_first)

    assert change(api, way, made).status == 200

    assert is_due(db, made, TOLD[way])
    assert "after" not in told(db, made, TOLD[way])


@pytest.mark.parametrize("result", [Result.SENT, Result.DEAD])
@pytest.mark.parametrize("way", WAYS)
def test_a_letter_marked_between_a_changes_look_and_its_commit_wakes_the_new_one(
    way: str, result: Result, api: Api, services: wiring.Services, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    outcomes = [Outcome(letter, result) for letter in in_hand(services)]
    marking = Thread(target=lambda: services.worker.store.keep(outcomes, datetime.now(UTC)))

    def mark() -> None:
        marking.start()
        while marking.is_alive() and not waits_for_a_change(db):
            """It is done, or has met the change."""

    look, begin = Letters.last_unsent, once(mark)

    def marked_meanwhile(letters: Letters, *given: Any) -> str | None:
        found = look(letters, *given)
        begin()
        return found

    monkeypatch.setattr(Letters, "last_unsent", marked_meanwhile)

    assert change(api, way, made).status == 200
    marking.join()

    assert told(db, made, "guest_booking")["state"] == result
    assert is_due(db, made, TOLD[way])


def test_a_letter_whose_lease_was_lost_is_given_up_by_nobody_and_lets_nothing_pass(
    api: Api, services: wiring.Services, db: Db
) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    leased = in_hand(services)
    assert change(api, "cancel", made).status == 200
    db.letters.update_one({"_id": leased[0].id}, {"$set": {"lease": "somebody else's"}})

    services.worker.store.keep([Outcome(letter, Result.DEAD) for letter in leased], datetime.now(UTC))

    assert told(db, made, "guest_booking")["state"] == State.SENDING
    assert not is_due(db, made, "guest_cancellation")


# What is stranded


@pytest.mark.parametrize("state", [State.SENT, State.DEAD, None], ids=["sent", "dead", "gone"])
def test_what_waits_for_a_letter_that_is_over_goes_out_within_a_minute_and_is_warned_of(
    state: State | None, api: Api, services: wiring.Services, db: Db
) -> None:
    made, other = (api.book(slot).json["booking"] for slot in api.slots()[:2])
    for booking in (made, other):
        assert change(api, "cancel", booking).status == 200
    first = {"_id": f"{made['id']}-guest"}
    if state:  # as who died between marking it and waking what is behind it left it
        db.letters.update_one(first, {"$set": {"state": state}, "$unset": {"dueAt": ""}})
    else:
        db.letters.delete_one(first)
    db.letters.update_many({}, [{"$set": {"createdAt": {"$subtract": ["$createdAt", 15 * 60_000]}}}])
    assert services.letters.warnings()[-1] == "a letter has waited for 15 minutes"

    assert services.worker.store.free_stranded(datetime.now(UTC)) == 1

    assert is_due(db, made, "guest_cancellation")
    assert not is_due(db, other, "guest_cancellation")
    assert services.worker.store.free_stranded(datetime.now(UTC)) == 0


def test_what_waits_for_a_letter_that_is_still_owed_is_no_news(api: Api, services: wiring.Services, db: Db) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    assert change(api, "cancel", made).status == 200
    db.letters.update_one(
        {"template": "guest_cancellation"}, [{"$set": {"createdAt": {"$subtract": ["$createdAt", 15 * 60_000]}}}]
    )

    assert services.letters.warnings() == []
    assert services.worker.store.free_stranded(datetime.now(UTC)) == 0


def test_the_sender_frees_what_is_stranded(api: Api, services: wiring.Services, db: Db) -> None:
    made = api.book(api.slots()[0]).json["booking"]
    assert change(api, "cancel", made).status == 200
    for letter in (f"{made['id']}-admin", f"{made['id']}-guest"):
        db.letters.update_one({"_id": letter}, {"$set": {"state": State.SENT}, "$unset": {"dueAt": ""}})

    assert services.worker.send_all_due() == 1

    assert told(db, made, "guest_cancellation")["state"] == State.SENT
