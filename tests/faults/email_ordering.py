"""E-mails in doubt: changes, rounds of the worker, and a second service that acts in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest

import wiring
from core import metrics
from core.mongo.client import Db, Document
from notifications.outbox.model import EmailStatus, OutboxEmail, Outcome, Result
from tests.api_client import Answer, Api
from tests.deferred import write_deferred

WAYS = ("cancel", "move")

Made = Mapping[str, Any]


RECORDED = {"cancel": "guest_cancellation", "move": "guest_rescheduled"}


def change(api: Api, way: str, made: Made) -> Answer:
    if way == "cancel":
        return api.held("DELETE", made)
    other = next(slot for slot in api.slots() if slot["_id"] != made["slotId"])
    return api.held("POST", made, "/reschedule", json={"slotId": other["_id"]})


def in_hand(services: wiring.Services) -> list[OutboxEmail]:
    """Mark the organiser's letter as sent and return the guest's, leased."""
    store, now = services.worker.dispatcher.store, datetime.now(UTC)
    store.record_outcomes([Outcome(letter, Result.SENT) for letter in store.lease(10, now)], now)
    return store.lease(10, now)


def recorded(db: Db, made: Made, template: str) -> Document:
    found = db.letters.find_one({"about": made["id"], "template": template})
    assert found
    return found


def is_due(db: Db, made: Made, template: str) -> bool:
    row = recorded(db, made, template)
    return bool(row["state"] == EmailStatus.QUEUED and row["dueAt"] <= datetime.now(UTC) + timedelta(seconds=1))


def waits_for_a_change(db: Db) -> bool:
    """Return whether somebody waits to write to a letter that a transaction under way has written to."""
    waiting = {"ns": f"{db.name}.letters", "writeConflicts": {"$gt": 0}}
    return bool(list(db.client.admin.aggregate([{"$currentOp": {}}, {"$match": waiting}])))


def once(do: Callable[[], None]) -> Callable[[], None]:
    """Return `do` that does nothing the second time: a transaction may run again."""
    left = [do]
    return lambda: left.pop()() if left else None


def round_at(services: wiring.Services, seconds: float, sent: list[str], *, trouble: str = "") -> None:
    """Send what is due `seconds` from now, but for the letters of the template `trouble`; note what goes."""
    store, at = services.worker.dispatcher.store, datetime.now(UTC) + timedelta(seconds=seconds)
    for letter in store.lease(10, at):
        if letter.template == trouble:
            store.record_outcomes([Outcome(letter, Result.RETRY, "500", at + timedelta(minutes=2))], at)
        else:
            sent.append(letter.template)
            store.record_outcomes([Outcome(letter, Result.SENT)], at)


def all_sent(db: Db) -> None:
    write_deferred(db).letters.update_many({}, {"$set": {"state": EmailStatus.SENT}, "$unset": {"dueAt": ""}})


def all_dead(db: Db) -> None:
    write_deferred(db).letters.update_many({}, {"$set": {"state": EmailStatus.DEAD}, "$unset": {"dueAt": ""}})


@dataclass
class Elsewhere:
    """A call to the same service in another process, made once, in the midst of a transaction of this one."""

    call: Callable[[], Answer]
    answers: list[Answer] = field(default_factory=list)
    thread: Thread | None = None

    def meets(self) -> None:
        """Make the call; return when it is answered, or waits for the transaction of who calls this."""
        if self.thread is None:
            before = tried_again()
            self.thread = Thread(target=lambda: self.answers.append(self.call()))
            self.thread.start()
            while self.thread.is_alive() and tried_again() == before:
                """It is under way."""

    @property
    def answer(self) -> Answer:
        assert self.thread
        self.thread.join()
        return self.answers[0]


def tried_again() -> float:
    return float(metrics.TRANSACTION_ATTEMPTS.labels("retried")._value.get())


def in_the_midst(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, other: Elsewhere) -> None:
    """Let `other` come right after `owner.name` has returned."""
    do = getattr(owner, name)

    def met(*given: Any) -> Any:
        done = do(*given)
        other.meets()
        return done

    monkeypatch.setattr(owner, name, met)


def assert_in_order(db: Db, made: Made) -> None:
    """Fail if what goes to the guest is not one line, in which the last is about how the booking stands."""
    letters = list(db.letters.find({"about": made["id"], "to": made["email"], "state": EmailStatus.QUEUED}))
    booking = db.bookings.find_one({"_id": made["id"]})
    assert booking
    line = [letter for letter in letters if letter.get("after") not in {each["_id"] for each in letters}]
    assert len(line) <= 1, "two lines"
    while following := [letter for letter in letters if line and letter.get("after") == line[-1]["_id"]]:
        line += following
    assert len(line) == len(letters)
    if line:
        assert line[-1]["facts"]["sequence"] == str(booking["sequence"])
        assert [each["facts"]["sequence"] for each in line] == sorted(each["facts"]["sequence"] for each in line)
