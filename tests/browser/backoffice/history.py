"""Sample history for the back office: weeks of bookings, unusual names, a failed e-mail, a changed capacity."""

from __future__ import annotations

from datetime import timedelta

from booking import mapping
from booking.model import Status
from core.clock import now
from core.mongo.client import Db
from tests.api_client import Api
from tests.deferred import write_deferred
from tests.factories import booking as make_booking

MARKUP_NAME = "<img src=x onerror=alert(1)>"
FORMULA_NAME = "=HYPERLINK(1)"
HEBREW_NAME = "\u05e9\u05dc\u05d5\u05dd Cohen"
UNUSUAL_NAMES = [MARKUP_NAME, FORMULA_NAME, HEBREW_NAME]
UNUSUAL_NAMES_DATE = "2026-03-21"
CHANGED_CAPACITY_DATE = "2026-03-23"
BUSY_DATE = "2026-03-13"
CANCELLED_BOOKINGS = 60
GUESTS = [
    ("Ada Lovelace", "GB", "+442079460958"),
    ("Amina Khal\u00edl", "EG", "+201001234567"),
    ("Bruno M\u00fcller", "DE", "+4930123456"),
    ("Chen Wei", "CN", "+8613812345678"),
    ("Fatou Diop", "SN", "+221771234567"),
    ("Ingrid S\u00f8rensen", "DK", "+4532123456"),
    ("Jos\u00e9 Ruiz", "ES", "+34612345678"),
    ("Keiko Tanaka", "JP", "+81312345678"),
    ("Priya Sharma", "IN", "+919876543210"),
]


def add_history(api: Api, db: Db) -> None:
    """Add the sample history to an empty event."""
    _add_cancelled_bookings(db)
    _book_unusual_names(api)
    _book_guests(api)
    slot = api.slots(CHANGED_CAPACITY_DATE)[0]
    answer = api.book(slot, fullName="Grace Hopper", phone="+442079460123", country="GB")
    assert api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 6}).status == 200
    mark_failed(db, f"{answer.json['booking']['id']}-guest")


def mark_failed(db: Db, email_id: str) -> None:
    """Give an e-mail the state after its last attempt has failed."""
    failed = {"state": "dead", "attempts": 7, "lastError": "mail server: 550 no such user"}
    result = write_deferred(db)["letters"].update_one(
        {"_id": email_id}, {"$set": failed, "$unset": {"dueAt": "", "lease": ""}}
    )
    assert result.matched_count == 1


def _add_cancelled_bookings(db: Db) -> None:
    numbers = range(CANCELLED_BOOKINGS)
    bookings = [make_booking(n, id=_id(n), status=Status.CANCELLED, slot_id="long-ago-0001") for n in numbers]
    db["bookings"].insert_many(mapping.to_document(booking) for booking in bookings)


def _id(number: int) -> str:
    """Return the id of a booking made up to four weeks ago; recent days have more bookings."""
    made_at = now() - timedelta(days=1 + number * number % 27, minutes=number)
    return f"{int(made_at.timestamp() * 1000):012x}{number:020x}"


def _book_unusual_names(api: Api) -> None:
    for slot, name in zip(api.slots(UNUSUAL_NAMES_DATE), UNUSUAL_NAMES, strict=False):
        assert api.book(slot, fullName=name, message="Two of us,\nwith a wheelchair.").status == 201


def _book_guests(api: Api) -> None:
    """Book every second place of four slots."""
    places = [slot for slot in api.slots(BUSY_DATE)[:4] for _ in range(slot["remaining"])]
    for slot, (name, country, phone) in zip(places[::2], GUESTS, strict=False):
        email = f"guest.{country.lower()}@example.org"
        assert api.book(slot, fullName=name, country=country, phone=phone, email=email).status == 201
