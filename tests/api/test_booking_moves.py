"""Moves of a booking: their number, and replays of its creation after one."""

from __future__ import annotations

from core.mongo.client import Db
from tests.api_client import Api
from tests.factories import contact

DATE = "2026-03-05"


def test_booking_moves_at_most_twenty_times(api: Api, db: Db) -> None:
    slots = api.slots(DATE)[:2]
    booking = api.book(slots[0]).json["booking"]

    answers = [
        api.held("POST", booking, "/reschedule", json={"slotId": slots[number % 2]["_id"]}) for number in range(1, 23)
    ]

    assert [answer.status for answer in answers] == [200] * 20 + [409, 200]  # the last asks for where it is
    assert answers[20].code == "moved_too_often"
    assert db.letters.count_documents({"template": "guest_rescheduled"}) == 20


def test_replay_after_a_reschedule_gets_the_first_answer(api: Api) -> None:
    slots, guest = api.slots(DATE), contact()
    first = api.book(slots[0], key="a-key", **guest)
    api.held("POST", first.json["booking"], "/reschedule", json={"slotId": slots[1]["_id"]})

    again = api.book(slots[0], key="a-key", **guest)

    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.json == first.json
