"""Bookings as documents and back, and what the back office looks for as queries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

from booking.model import Booking, BookingFilter, ExportRow, PageRequest, SortField, Status
from core import text
from core.mongo.client import Document

# A part of a text is the beginning of one of its endings, and beginnings are what an index finds. Longer parts are
# found by their first letters and then compared; shorter ones than SHORTEST_DIGITS are too common for an index.
LONGEST_PART = 24
SHORTEST_DIGITS = 3
DEFAULT_PROJECTION = {"nameParts": 0, "phoneParts": 0}
EXPORTED_NAMES = (
    "fullName", "email", "phone", "country", "date", "slotLabel",
    "message", "createdAt", "city", "status", "reference",
)  # fmt: skip
EXPORTED = {"_id": 0, **dict.fromkeys(EXPORTED_NAMES, 1)}
_in_order = itemgetter(*EXPORTED_NAMES)
STATUS = {status.value: status for status in Status}
# What each order goes by; within equal ones it goes by the id, which tells when a booking was made.
SORTED_BY = {
    SortField.CREATED: "_id",
    SortField.NAME: "nameFolded",
    SortField.DATE: "date",
    SortField.HOUR: "slotLabel",
    SortField.COUNTRY: "country",
}
# Which filters an order goes with so that an index gives it, however many bookings there are.
INDEXED_SORTS = {
    # A reference has one booking, and a guest so few that sorting them costs nothing.
    SortField.CREATED: {"name", "phone", "date", "country", "confirmed", "cancelled", "reference", "email"},
    SortField.DATE: {"name", "date", "confirmed"},
    SortField.COUNTRY: {"country", "confirmed"},
}
INDEX_OF = {SortField.DATE: "by_date", SortField.COUNTRY: "by_country"}


def is_indexed(by: SortField, wanted: BookingFilter) -> bool:
    """Return whether an index gives what is `wanted` in this order, so that nothing has to be sorted."""
    asked = {str(value) if name == "status" else name for name, value in vars(wanted).items() if value}
    return by in INDEXED_SORTS and asked <= INDEXED_SORTS[by]


def hint_for(query: Mapping[str, Any], by: SortField = SortField.CREATED) -> str | None:
    """Name the index of a search or of an order; the planner may prefer one that reads all it passes."""
    if "reference" in query:
        return "reference"
    if "email" in query:
        return "one_active_per_guest_and_slot" if query["status"] == Status.CONFIRMED else "cancelled_by_guest"
    # A guest's confirmed bookings are in one index and the cancelled in another ($or): the planner joins the two.
    if "$or" in query or "nameFolded" in query or "phone" in query:
        return None
    if "nameParts" in query or "phoneParts" in query:
        return "by_part_of_name" if "nameParts" in query else "by_part_of_phone"
    return INDEX_OF.get(by)


def keyset_queries(query: Document, part: PageRequest) -> Iterator[Document]:
    """Yield the queries whose results, one behind the other, are what `part` goes on with."""
    field, after = SORTED_BY[part.by], part.after
    if after is None:
        yield query
        return
    onward, backward = ("$lt", "$gt") if part.descending else ("$gt", "$lt")
    if part.by is SortField.CREATED:
        yield query | {"_id": {onward: after.id}}
        return
    # Equal ones are in the other direction of their ids, as the indexes have them.
    yield {"$and": [query, {field: after.value, "_id": {backward: after.id}}]}
    yield {"$and": [query, {field: {onward: after.value}}]}


def query_for(wanted: BookingFilter) -> dict[str, Any]:
    """Return the query that finds what is wanted."""
    query: dict[str, Any] = {}
    if wanted.name:
        folded = text.fold(wanted.name)
        query["nameParts"] = {"$regex": f"^{re.escape(folded[:LONGEST_PART])}"}
        if len(folded) > LONGEST_PART:
            query["nameFolded"] = {"$regex": re.escape(folded)}
    if wanted.phone:
        query |= _phone(text.digits(wanted.phone))
    if wanted.date:
        query["date"] = wanted.date
    if wanted.country:
        query["country"] = wanted.country.upper()
    if wanted.status:
        query["status"] = wanted.status
    if wanted.reference:
        query["reference"] = wanted.reference
    if wanted.email:
        query |= _guest(wanted.email, wanted.status)
    return query


def _phone(digits: str) -> Document:
    """Return the query for a part of a phone number; the zeros of national notation are not in the number kept."""
    if len(digits) < SHORTEST_DIGITS:
        return {"phone": {"$regex": digits}}
    international = digits.lstrip("0")
    if international == digits or len(international) < SHORTEST_DIGITS:
        return {"phoneParts": {"$regex": f"^{digits}"}}
    # Italian numbers keep their zero.
    return {"phoneParts": {"$in": [re.compile(f"^{digits}"), re.compile(f"^{international}")]}}


def _guest(email: str, status: Status | None) -> Document:
    """Return the query for a guest's bookings, in the words of the partial indexes that find them."""
    if status:
        return {"email": email, "status": status}
    return {"$or": [{"email": email, "status": each} for each in Status]}


def to_document(booking: Booking) -> Document:
    """Return a booking as it is kept, with the parts its guest is found by."""
    folded, digits = text.fold(booking.full_name), booking.phone[1:]
    return {
        "_id": booking.id,
        "reference": booking.reference,
        "fullName": booking.full_name,
        "nameFolded": folded,
        "nameParts": [folded[at : at + LONGEST_PART] for at, letter in enumerate(folded) if letter != " "],
        "email": booking.email,
        "phone": booking.phone,
        "phoneParts": [digits[at:] for at in range(len(digits) - SHORTEST_DIGITS + 1)],
        "country": booking.country,
        "city": booking.city,
        "message": booking.message,
        "date": booking.date,
        "slotId": booking.slot_id,
        "slotLabel": booking.slot_label,
        "status": booking.status.value,
        "createdAt": booking.created_at,
        "language": booking.language,
    }


def to_export_row(document: Document) -> ExportRow:
    """Return what EXPORTED selects of a document."""
    return ExportRow._make(_in_order(document))


def to_booking(document: Document) -> Booking:
    """Return the booking that a document keeps."""
    return Booking(
        id=document["_id"],
        reference=document["reference"],
        full_name=document["fullName"],
        email=document["email"],
        phone=document["phone"],
        country=document["country"],
        city=document["city"],
        message=document["message"],
        date=document["date"],
        slot_id=document["slotId"],
        slot_label=document["slotLabel"],
        status=STATUS[document["status"]],
        created_at=document["createdAt"],
        sequence=document.get("sequence", 0),
        changed_at=document.get("changedAt"),
        language=document.get("language", "en"),
    )
