"""The collection `bookings`; a booking holds its idempotency key and the mark of its deferred e-mails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial

from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument

from booking.errors import BookingNotFound
from booking.mapping import (
    DEFAULT_PROJECTION,
    key_document,
    to_booking,
    to_document,
)
from booking.model import (
    ERASED_DOMAIN,
    Booking,
    Status,
)
from core.concurrency.single_flight import batched_read
from core.idempotency import IdempotencyKey
from core.ids import id_lower_bound
from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, Update, bulk_update, insert

ACTIVE = {"status": "confirmed"}
NOT_ERASED = {"erased": {"$ne": True}}
# Bookings whose confirmation e-mails have no row yet.
DEFERRED = {"confirmationDeferred": True}
# Confirmed bookings of more than one place, and the number of their places after the first.
PARTIES = {**ACTIVE, "seats": {"$gt": 1}}
FURTHER_SEATS = {"$subtract": ["$seats", 1]}
# Names of indexes.
BY_KEY = "idempotency_key"
BY_DEFERRED = "deferred"
UNSET_DEFERRED = dict.fromkeys(DEFERRED, "")
BOOKINGS = CollectionSchema(
    name="bookings",
    indexes=(
        IndexModel(
            [("email", ASCENDING), ("slotId", ASCENDING)],
            unique=True,
            partialFilterExpression=ACTIVE,
            name="one_active_per_guest_and_slot",
        ),
        IndexModel([("reference", ASCENDING)], unique=True, name="reference"),
        IndexModel([("date", ASCENDING), ("_id", DESCENDING)], name="by_date"),
        IndexModel([("country", ASCENDING), ("_id", DESCENDING)], name="by_country"),
        # Nearly all bookings are confirmed, and those are found by their ids alone.
        IndexModel(
            [("status", ASCENDING), ("_id", DESCENDING)],
            partialFilterExpression={"status": "cancelled"},
            name="cancelled",
        ),
        # The guest's confirmed ones are found by the first index; this one gets no key until a booking is cancelled.
        IndexModel(
            [("email", ASCENDING), ("_id", DESCENDING)],
            partialFilterExpression={"status": "cancelled"},
            name="cancelled_by_guest",
        ),
        # A repeated request is a duplicate key. An expired key is removed from its booking, which stays.
        IndexModel(
            [("idempotencyKey.id", ASCENDING)],
            unique=True,
            partialFilterExpression={"idempotencyKey.id": {"$exists": True}},
            name=BY_KEY,
        ),
        IndexModel(
            [("confirmationDeferred", ASCENDING), ("_id", ASCENDING)],
            partialFilterExpression=DEFERRED,
            name=BY_DEFERRED,
        ),
        IndexModel(
            [("accountId", ASCENDING), ("_id", DESCENDING)],
            partialFilterExpression={"accountId": {"$exists": True}},
            name="by_account",
        ),
        # Few bookings have more than one place; their index counts these.
        IndexModel([("slotId", ASCENDING), ("seats", ASCENDING)], partialFilterExpression=PARTIES, name="parties"),
    ),
    validator={"$jsonSchema": {"required": ["email", "slotId", "status", "reference", "createdAt"]}},
)


class BookingStore:
    """Bookings in MongoDB."""

    def __init__(self, db: Db) -> None:
        self._bookings = db[BOOKINGS.name]
        self._lasting = self._bookings.with_options(read_concern=MAJORITY_READ)
        self._get = batched_read(partial(self.get_many_in, None))

    def add(self, session: Session, bookings: Sequence[Booking], keys: Sequence[IdempotencyKey] = ()) -> None:
        """Write `bookings`, with the `keys` that made some of them, within the caller's transaction.

        A duplicate ends the transaction with an error of code 11000.
        """
        documents = list(map(to_document, bookings))
        made_by = {key.result_id: key for key in keys}
        for document in documents:
            if document["_id"] in made_by:
                document["idempotencyKey"] = key_document(made_by[document["_id"]])
        insert(session, self._bookings, documents)

    def change(self, session: Session, changed: Sequence[Booking]) -> None:
        """Write cancelled bookings, and others with their new slots, within the caller's transaction.

        The caller writes the rows of deferred confirmations. BulkError, which ends the transaction, says that a guest
        has another booking in a new slot.
        """
        cancelled = [booking for booking in changed if booking.status is Status.CANCELLED]
        # Cancellations first: a guest may move into the slot of another booking that is cancelled.
        updates = [_cancellation(cancelled)] if cancelled else []
        updates += [_rescheduling(booking) for booking in changed if booking.status is Status.CONFIRMED]
        bulk_update(session, self._bookings, updates)

    def remind(self, session: Session, booking_id: str, date: str) -> Booking | None:
        """Note within the caller's transaction that the guest is reminded of `date`; None when that is not due."""
        return self._change(session, {"_id": booking_id, **_unreminded(date)}, {"$set": {"remindedOf": date}})

    def due_reminders(self, date: str, made_before: datetime, most: int) -> list[str]:
        """Return ids of up to `most` confirmed bookings of `date`, last changed before a moment, not reminded yet."""
        old = {"$expr": {"$lt": [{"$ifNull": ["$changedAt", "$createdAt"]}, made_before]}}
        found = self._bookings.find({**_unreminded(date), **old}, {"_id": 1})
        return [document["_id"] for document in found.limit(most)]

    def lock(self, session: Session, booking_id: str) -> Booking | None:
        """Write-lock a booking for this transaction and return it, or None. Its visible members do not change.

        Who only reads a booking may tell its guest what another transaction makes untrue at the same moment.
        """
        return self._change(session, {"_id": booking_id}, {"$inc": {"touched": 1}})

    def get_many_in(self, session: Session | None, booking_ids: Iterable[str]) -> dict[str, Booking]:
        """Return the bookings with these ids, by id, as the caller's transaction sees them, if there is one."""
        query = {"_id": {"$in": list(booking_ids)}}
        return _by_id(self._bookings.find(query, DEFAULT_PROJECTION, session=session))

    def with_booking(self, session: Session | None, guests: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return, in the caller's transaction, those of `guests` (e-mail and slot id) that have a booking."""
        if not guests:
            return set()
        emails = sorted({email for email, _ in guests})
        slot_ids = sorted({slot_id for _, slot_id in guests})
        wanted = {"email": {"$in": emails}, "slotId": {"$in": slot_ids}, **ACTIVE}
        found = self._bookings.find(wanted, {"email": 1, "slotId": 1}, session=session)
        return {(document["email"], document["slotId"]) for document in found}

    def get(self, booking_id: str) -> Booking:
        """Return a booking, read together with those of concurrent callers; raises BookingNotFound."""
        booking = self._get(booking_id)
        if booking is None:
            raise BookingNotFound
        return booking

    def by_email(self, email: str) -> list[Booking]:
        return [to_booking(found) for found in self._bookings.find({"email": email}, DEFAULT_PROJECTION)]

    def confirmed_of(self, email: str, most: int) -> list[Booking]:
        """Return up to `most` confirmed bookings of a guest, newest first."""
        found = self._bookings.find({"email": email, **ACTIVE}, DEFAULT_PROJECTION).sort("_id", DESCENDING)
        return [to_booking(document) for document in found.limit(most)]

    def of_account(self, account_id: str, email: str, most: int) -> list[Booking]:
        """Return up to `most` bookings of an account or, unless it is empty, of the guest `email`, newest first."""
        owned: list[Document] = [{"accountId": account_id}]
        if email:
            # In this form the partial indexes of a guest's bookings apply.
            owned += [{"email": email, "status": status.value} for status in Status]
        found = self._bookings.find({"$or": owned}, DEFAULT_PROJECTION).sort("_id", DESCENDING)
        return [to_booking(document) for document in found.limit(most)]

    def detach_account(self, session: Session, account_id: str) -> None:
        """Remove a deleted account's id from its bookings, within the caller's transaction."""
        self._bookings.update_many({"accountId": account_id}, {"$unset": {"accountId": ""}}, session=session)

    def before_date(self, date: str) -> Iterator[str]:
        """Yield the ids of the bookings for dates before `date` that still name somebody."""
        with self._bookings.find({"date": {"$lt": date}, **NOT_ERASED}, {"_id": 1}) as found:
            yield from (document["_id"] for document in found)

    def erase(self, ids: Sequence[str]) -> None:
        """Anonymise bookings: personal data is removed, statistics stay."""
        anonymised: Document = dict.fromkeys(("fullName", "nameFolded", "phone", "country", "city", "message"), "")
        anonymised |= {"email": {"$concat": ["$_id", ERASED_DOMAIN]}, "erased": True}
        unset = ["language", "accountId", "nameParts", "phoneParts", "idempotencyKey", *DEFERRED]
        self._bookings.update_many({"_id": {"$in": list(ids)}}, [{"$set": anonymised}, {"$unset": unset}])

    def get_many_committed(self, ids: Iterable[str]) -> dict[str, Booking]:
        """Return the majority-committed bookings with `ids`, by id."""
        return _by_id(self._lasting.find({"_id": {"$in": list(ids)}}, DEFAULT_PROJECTION))

    def get_committed(self, booking_id: str) -> Booking:
        """Return a majority-committed booking; raises BookingNotFound."""
        found = self.get_many_committed([booking_id])
        if booking_id not in found:
            raise BookingNotFound
        return found[booking_id]

    def find_active(self, guests: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Booking]:
        """Return the majority-committed confirmed bookings of `guests`, pairs of e-mail and slot id."""
        pairs = [{"email": email, "slotId": slot_id, **ACTIVE} for email, slot_id in guests]
        return {
            (found["email"], found["slotId"]): to_booking(found)
            for found in self._lasting.find({"$or": pairs}, DEFAULT_PROJECTION)
        }

    def existing_references(self, references: Iterable[str]) -> set[str]:
        """Return those of `references` that bookings have already."""
        found = self._bookings.find({"reference": {"$in": list(references)}}, {"reference": 1})
        return {document["reference"] for document in found}

    def count_created_between(self, first: datetime, end: datetime) -> int:
        """Return how many bookings were made from `first` until before `end`: ids begin with that moment."""
        return self._bookings.count_documents({"_id": {"$gte": id_lower_bound(first), "$lt": id_lower_bound(end)}})

    def active_by_slot(self, session: Session) -> dict[str, int]:
        """Return how many places the confirmed bookings of each slot have, counted from the bookings themselves."""
        counting: list[Document] = [{"$match": ACTIVE}, {"$group": {"_id": "$slotId", "n": {"$sum": 1}}}]
        found = self._bookings.aggregate(counting, session=session, hint="one_active_per_guest_and_slot")
        counts = Counter({row["_id"]: row["n"] for row in found})
        by_slot: Document = {"$group": {"_id": "$slotId", "n": {"$sum": FURTHER_SEATS}}}
        for row in self._bookings.aggregate([{"$match": PARTIES}, by_slot], session=session, hint="parties"):
            counts[row["_id"]] += row["n"]
        return counts

    def _change(self, session: Session, where: Document, change: Document) -> Booking | None:
        document = self._bookings.find_one_and_update(
            where, change, projection=DEFAULT_PROJECTION, return_document=ReturnDocument.AFTER, session=session
        )
        return to_booking(document) if document else None


def _by_id(documents: Iterable[Document]) -> dict[str, Booking]:
    return {document["_id"]: to_booking(document) for document in documents}


def _cancellation(cancelled: Sequence[Booking]) -> Update:
    """Return the update of bookings that are cancelled at one moment: one statement takes all of them."""
    at = cancelled[0].changed_at
    sets = {"status": Status.CANCELLED, "cancelledAt": at, "changedAt": at}
    return {"_id": {"$in": [booking.id for booking in cancelled]}}, {
        "$set": sets,
        "$inc": {"sequence": 1},
        "$unset": UNSET_DEFERRED,
    }


def _rescheduling(booking: Booking) -> Update:
    sets = {
        "date": booking.date,
        "slotId": booking.slot_id,
        "slotLabel": booking.slot_label,
        "changedAt": booking.changed_at,
        "sequence": booking.sequence,
    }
    return {"_id": booking.id}, {"$set": sets, "$unset": UNSET_DEFERRED}


def _unreminded(date: str) -> Document:
    return {"date": date, "remindedOf": {"$ne": date}, **ACTIVE, **NOT_ERASED}
