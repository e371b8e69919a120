"""Order of a booking's e-mails: each follows the guest's pending one, and outdated ones are not sent."""

from __future__ import annotations

from dataclasses import dataclass, field

import wiring
from core.mongo.client import Db
from notifications.errors import TransientFailure
from notifications.outbox.model import Message
from tests.api.applications import Make, application, fill_slot
from tests.api.conftest import Clock
from tests.api_client import Api
from tests.deferred import write_deferred

DATE = "2026-03-05"


@dataclass
class RefusingMailer:
    """A mailer that refuses, for now, the e-mails whose ids end in `refused`; it records the subjects of the others."""

    refused: str = "-guest"
    subjects: list[str] = field(default_factory=list)

    def send(self, message: Message) -> str:
        if self.refused and message.key.endswith(self.refused):
            raise TransientFailure("later")
        self.subjects.append(message.subject)
        return ""


def send_for(services: wiring.Services, clock: Clock, minutes: int) -> None:
    for _ in range(minutes):
        clock.pass_by(minutes=1)
        services.worker.send_due()


def test_cancellation_email_waits_for_a_failing_confirmation(make_app: Make, clock: Clock) -> None:
    mailer = RefusingMailer()
    api, services = application(make_app, clock=clock, mailer=mailer, MAIL_RATE="100000")
    booking = api.book(api.slots(DATE)[0]).json["booking"]
    send_for(services, clock, 30)
    api.held("POST", booking, "/reschedule", json={"slotId": api.slots(DATE)[1]["_id"]})
    api.held("DELETE", booking)
    send_for(services, clock, 30)
    assert len(mailer.subjects) == 1  # the organiser's

    mailer.refused = ""
    send_for(services, clock, 120)

    assert [services.outbox.counts()[state] for state in ("sent", "dead")] == [4, 0]
    assert "cancelled" in mailer.subjects[-1]


def test_email_blocked_by_a_failed_one_is_sent(make_app: Make, clock: Clock) -> None:
    mailer = RefusingMailer()
    api, services = application(make_app, clock=clock, mailer=mailer, MAIL_RATE="100000")
    booking = api.book(api.slots(DATE)[0]).json["booking"]
    send_for(services, clock, 5)
    api.held("DELETE", booking)

    for _ in range(26):
        clock.pass_by(hours=1)
        services.worker.send_due()
        services.worker.send_due()

    assert services.outbox.counts()["dead"] == 1
    assert "cancelled" in mailer.subjects[-1]


def test_promoted_guest_gets_no_later_waiting_email(make_app: Make, clock: Clock) -> None:
    api, services = application(make_app, clock=clock, mailer=RefusingMailer("nothing"), MAIL_RATE="100000")
    slot, made = fill_slot(api)
    entry = api.wait_for(slot).json["entry"]

    api.held("DELETE", made[0])

    assert services.outbox.by_subject(entry["id"]) == []


def test_outdated_failed_email_is_not_retried(api: Api, db: Db) -> None:
    booking = api.book(api.slots(DATE)[0]).json["booking"]
    write_deferred(db).letters.update_many({}, {"$set": {"state": "dead"}, "$unset": {"dueAt": ""}})
    api.held("DELETE", booking)

    refused = api.admin("POST", f"/letters/{booking['id']}-guest/retry")

    assert (refused.status, refused.code) == (409, "letter_outdated")
    assert db.letters.count_documents({"state": "dead"}) == 2
    assert api.admin("POST", f"/letters/{booking['id']}-admin/retry").status == 200
