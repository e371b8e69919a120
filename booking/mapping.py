"""Mapping of bookings to documents and back, and of filters and orders to queries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any

from booking.model import Booking, BookingFilter, ExportRow, PageRequest, SortField, Status
from booking.search.terms import EMAIL, NAME, PHONE, REFERENCE, Part, Term, terms_of
from core.folding import fold
from core.idempotency import IdempotencyKey
from core.mongo.client import Document

# Fields that no booking shows: the key, and those from before the search segments until the migration removes them.
DEFAULT_PROJECTION = {"nameParts": 0, "phoneParts": 0, "idempotencyKey": 0}
EXPORTED_NAMES = (
    "fullName", "email", "phone", "country", "date", "slotLabel",
    "message", "createdAt", "city", "status", "reference",
)  # fmt: skip
EXPORTED = {"_id": 0, "seats": 1, **dict.fromkeys(EXPORTED_NAMES, 1)}
_in_order = itemgetter(*EXPORTED_NAMES)
STATUS = {status.value: status for status in Status}
# The field of each order; bookings with equal values are ordered by id, and so by creation.
SORTED_BY = {
    SortField.CREATED: "_id",
    SortField.NAME: "nameFolded",
    SortField.DATE: "date",
    SortField.HOUR: "slotLabel",
    SortField.COUNTRY: "country",
}
# The filters with which an index gives an order, so that nothing is sorted in memory.
INDEXED_SORTS = {
    # A reference has one booking, and a guest has few: sorting them costs nothing.
    SortField.CREATED: {
        "q",
        "name",
        "phone",
        "email_part",
        "date",
        "country",
        "confirmed",
        "cancelled",
        "reference",
        "email",
        "slot_id",
    },
    SortField.DATE: {"q", "name", "date", "confirmed"},
    SortField.COUNTRY: {"country", "confirmed"},
}
GUEST_INDEXES = {Status.CONFIRMED: "one_active_per_guest_and_slot", Status.CANCELLED: "cancelled_by_guest"}
# The fields that searched columns come from.
FIELD_OF = {NAME: "nameFolded", EMAIL: "email", PHONE: "phone"}
INDEX_OF = {SortField.DATE: "by_date", SortField.COUNTRY: "by_country"}


def is_indexed(by: SortField, wanted: BookingFilter) -> bool:
    """Return whether an index gives the bookings that match in this order, without a sort."""
    asked = {str(value) if name == "status" else name for name, value in vars(wanted).items() if value}
    return by in INDEXED_SORTS and asked <= INDEXED_SORTS[by]


def hint_for(wanted: BookingFilter, by: SortField = SortField.CREATED) -> str | None:
    """Return the index for a filter or an order, or None; the planner alone may choose one that reads more."""
    if wanted.ids is not None:
        return "_id_"
    if wanted.reference:
        return "reference"
    if wanted.email:
        # One index has a guest's confirmed bookings and another the cancelled ones; the planner joins the two.
        return GUEST_INDEXES[wanted.status] if wanted.status else None
    return INDEX_OF.get(by)


def keyset_queries(query: Document, part: PageRequest) -> Iterator[Document]:
    """Yield the queries whose results, in turn, are the bookings after the cursor of `part`."""
    field = SORTED_BY[part.by]
    after = part.after
    if after is None:
        yield query
        return
    onward, backward = ("$lt", "$gt") if part.descending else ("$gt", "$lt")
    if part.by is SortField.CREATED:
        yield {"$and": [query, {"_id": {onward: after.id}}]}
        return
    # The indexes have equal values in the opposite order of their ids.
    yield {"$and": [query, {field: after.value, "_id": {backward: after.id}}]}
    yield {"$and": [query, {field: {onward: after.value}}]}


def query_for(wanted: BookingFilter) -> dict[str, Any]:
    """Return the query of a filter."""
    query: dict[str, Any] = {}
    if wanted.has_text:
        query |= regex_query(terms_of(wanted))
    if wanted.ids is not None:
        query["_id"] = {"$in": list(wanted.ids)}
    if wanted.date:
        query["date"] = wanted.date
    if wanted.slot_id:
        query["slotId"] = wanted.slot_id
    if wanted.country:
        query["country"] = wanted.country.upper()
    if wanted.status:
        query["status"] = wanted.status
    if wanted.reference:
        query["reference"] = wanted.reference
    if wanted.email:
        query |= _guest(wanted.email, wanted.status)
    return query


def regex_query(terms: Sequence[Term]) -> Document:
    """Return the query that compares each booking with the terms; it needs no search segment."""
    return {"$and": [{"$or": _alternatives(term)} for term in terms]}


def _alternatives(term: Term) -> list[Document]:
    found = [query for part in term for query in _part_queries(part)]
    return found or [{"_id": ""}]


def _part_queries(part: Part) -> Iterator[Document]:
    """Yield the queries of a part; `typed` finds names and e-mails that are stored in another folding."""
    if part.column == REFERENCE:
        yield {"reference": f"{part.text[:4]}-{part.text[4:]}".upper()}
        return
    for text in sorted({part.text, part.typed or part.text}):
        yield {FIELD_OF[part.column]: {"$regex": re.escape(text)}}


def _guest(email: str, status: Status | None) -> Document:
    """Return the query of a guest's bookings, in the form that the partial indexes require."""
    if status:
        return {"email": email, "status": status}
    return {"$or": [{"email": email, "status": each} for each in Status]}


def to_document(booking: Booking) -> Document:
    """Return the stored form of a booking."""
    document: Document = {
        "_id": booking.id,
        "reference": booking.reference,
        "fullName": booking.full_name,
        "nameFolded": fold(booking.full_name),
        "email": booking.email,
        "phone": booking.phone,
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
    if booking.seats > 1:
        document["seats"] = booking.seats
    if booking.account_id:
        document["accountId"] = booking.account_id
    if booking.confirmation_deferred:
        document["confirmationDeferred"] = True
    return document


def key_document(key: IdempotencyKey) -> Document:
    """Return the stored form of the key that made a booking, within that booking."""
    return {"id": key.id, "fingerprint": key.fingerprint, "expiresAt": key.expires_at}


def key_of(document: Document) -> IdempotencyKey:
    """Return the key that made the booking of a document."""
    key = document["idempotencyKey"]
    return IdempotencyKey(key["id"], key["fingerprint"], document["_id"], key["expiresAt"])


def to_export_row(document: Document) -> ExportRow:
    """Return what EXPORTED selects of a document."""
    return ExportRow._make((*_in_order(document), document.get("seats", 1)))


def to_booking(document: Document) -> Booking:
    """Return the booking of a document."""
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
        reminded_of=document.get("remindedOf", ""),
        language=document.get("language", "en"),
        confirmation_deferred=document.get("confirmationDeferred", False),
        account_id=document.get("accountId", ""),
        seats=document.get("seats", 1),
    )
