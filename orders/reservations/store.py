"""The `reservations` collection: a partial unique index admits one active reservation of an event to an account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from pymongo import ASCENDING, DESCENDING, IndexModel

from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, bulk_update, insert
from orders.reservations.model import DueEmail, Owner, Reservation, ReservationStatus

ACTIVE = {"status": ReservationStatus.CONFIRMED.value}
# `dueEmails` is the sum of these; the field is missing if none is due.
DUE_BITS = {DueEmail.BOOKED: 1, DueEmail.CANCELLED: 2}
WITH_DUE_EMAILS = {"dueEmails": {"$gt": 0}}
BY_DUE_EMAILS = "with_due_emails"
COUNT_OF_DUE_EMAILS = "count_of_due_emails"
SCHEMA = CollectionSchema(
    name="reservations",
    indexes=(
        IndexModel(
            [("eventId", ASCENDING), ("accountId", ASCENDING)],
            unique=True,
            partialFilterExpression=ACTIVE,
            name="one_active_per_account_and_event",
        ),
        IndexModel([("accountId", ASCENDING), ("_id", DESCENDING)], name="by_account"),
        IndexModel([("eventId", ASCENDING), ("_id", DESCENDING)], name="by_event"),
        IndexModel(
            [("updatedAt", ASCENDING), ("_id", ASCENDING)],
            partialFilterExpression=WITH_DUE_EMAILS,
            name=BY_DUE_EMAILS,
        ),
        IndexModel([("dueEmails", ASCENDING)], partialFilterExpression=WITH_DUE_EMAILS, name=COUNT_OF_DUE_EMAILS),
    ),
    validator={"$jsonSchema": {"required": ["eventId", "tierId", "accountId", "status", "createdAt", "updatedAt"]}},
)


class ReservationStore:
    """Reservations in MongoDB."""

    def __init__(self, db: Db) -> None:
        self._reservations = db[SCHEMA.name]
        self._committed = self._reservations.with_options(read_concern=MAJORITY_READ)

    def add(self, session: Session, reservations: Sequence[Reservation]) -> None:
        """Insert reservations within the caller's transaction; BulkError says that one is an owner's second."""
        insert(session, self._reservations, list(map(_document, reservations)))

    def cancel(self, session: Session, reservation_ids: Sequence[str], now: datetime, *, notify: bool) -> bool:
        """Cancel active reservations within the caller's transaction; return False if one is not active."""
        change: Document = {"$set": {"status": ReservationStatus.CANCELLED.value, "updatedAt": now}}
        if notify:
            change["$inc"] = {"dueEmails": DUE_BITS[DueEmail.CANCELLED]}
        wanted = {"_id": {"$in": list(reservation_ids)}, **ACTIVE}
        return bulk_update(session, self._reservations, [(wanted, change)]) == len(reservation_ids)

    def get_many_in(self, session: Session, reservation_ids: Sequence[str]) -> list[Reservation]:
        """Return reservations by id, as the caller's transaction sees them."""
        found = self._reservations.find({"_id": {"$in": list(reservation_ids)}}, session=session)
        return list(map(to_reservation, found))

    def get_many_committed(self, reservation_ids: Iterable[str]) -> dict[str, Reservation]:
        """Return the majority-committed reservations by id."""
        found = self._committed.find({"_id": {"$in": list(reservation_ids)}})
        return {document["_id"]: to_reservation(document) for document in found}

    def find_active(self, owners: Iterable[Owner]) -> dict[Owner, Reservation]:
        """Return the majority-committed active reservations of `owners`."""
        wanted = set(owners)
        event_ids = sorted({event_id for event_id, _ in wanted})
        account_ids = sorted({account_id for _, account_id in wanted})
        query = {"eventId": {"$in": event_ids}, "accountId": {"$in": account_ids}, **ACTIVE}
        active = {}
        for reservation in map(to_reservation, self._committed.find(query)):
            if reservation.owner in wanted:
                active[reservation.owner] = reservation
        return active

    def latest(self, owner: Owner) -> Reservation | None:
        """Return the active reservation of an owner, or else the one cancelled last, majority-committed; or None."""
        event_id, account_id = owner
        # Clocks of processes differ, so the order of ids does not tell which one is active.
        active = self.find_active([owner]).get(owner)
        if active:
            return active
        query = {"accountId": account_id, "eventId": event_id}
        found = self._committed.find(query).sort([("updatedAt", DESCENDING), ("_id", DESCENDING)]).limit(1)
        return next(map(to_reservation, found), None)

    def of_account(self, account_id: str, status: ReservationStatus | None, limit: int) -> list[Reservation]:
        """Return up to `limit` reservations of an account in a state, or in any, newest first."""
        query: Document = {"accountId": account_id}
        if status:
            query["status"] = status.value
        found = self._reservations.find(query).sort("_id", DESCENDING).limit(limit)
        return list(map(to_reservation, found))

    def cancelled_ids(self, account_id: str) -> list[str]:
        """Return the ids of the cancelled reservations of an account."""
        query = {"accountId": account_id, "status": ReservationStatus.CANCELLED.value}
        return [document["_id"] for document in self._reservations.find(query, {"_id": 1})]

    def page_of_event(self, event_id: str, skip: int, limit: int) -> tuple[list[Reservation], int]:
        """Return reservations of an event in any state, newest first, and the number of all."""
        found = self._reservations.find({"eventId": event_id}).sort("_id", DESCENDING).skip(skip).limit(limit)
        return list(map(to_reservation, found)), self._reservations.count_documents({"eventId": event_id})

    def active_of_event(self, event_id: str, limit: int) -> list[Reservation]:
        """Return up to `limit` majority-committed active reservations of an event, the oldest first."""
        found = self._committed.find({"eventId": event_id, **ACTIVE}).sort("_id", ASCENDING).limit(limit)
        return list(map(to_reservation, found))

    def holders(self, event_id: str, after: str, limit: int) -> list[str]:
        """Return up to `limit` ids of accounts with an active reservation of an event, in order, above `after`."""
        query = {"eventId": event_id, "accountId": {"$gt": after}, **ACTIVE}
        found = self._committed.find(query, {"accountId": 1}).sort("accountId", ASCENDING).limit(limit)
        return [document["accountId"] for document in found]

    def exist_of_event(self, session: Session, event_id: str) -> bool:
        """Return whether there is a reservation of an event in any state, in the caller's transaction."""
        return self._reservations.find_one({"eventId": event_id}, {"_id": 1}, session=session) is not None

    def active(self, session: Session) -> Iterator[Reservation]:
        """Yield all active reservations of a snapshot."""
        return map(to_reservation, self._reservations.find(ACTIVE, session=session))


def _document(reservation: Reservation) -> Document:
    document: Document = {
        "_id": reservation.id,
        "accountId": reservation.account_id,
        "eventId": reservation.event_id,
        "tierId": reservation.tier_id,
        "status": reservation.status.value,
        "createdAt": reservation.created_at,
        "updatedAt": reservation.updated_at,
    }
    if reservation.seat:
        document["seat"] = reservation.seat
    if reservation.pool_id:
        document["poolId"] = reservation.pool_id
    if reservation.due_emails:
        document["dueEmails"] = due_bits(reservation)
    return document


def to_reservation(document: Document) -> Reservation:
    """Return the reservation of a stored document."""
    return Reservation(
        id=document["_id"],
        account_id=document["accountId"],
        event_id=document["eventId"],
        tier_id=document["tierId"],
        status=ReservationStatus(document["status"]),
        created_at=document["createdAt"],
        updated_at=document["updatedAt"],
        seat=document.get("seat", ""),
        pool_id=document.get("poolId", ""),
        due_emails=_due_emails(document.get("dueEmails", 0)),
    )


def due_bits(reservation: Reservation) -> int:
    """Return the stored form of a reservation's due e-mails."""
    return sum(DUE_BITS[due] for due in reservation.due_emails)


def _due_emails(bits: int) -> list[DueEmail]:
    return [due for due, bit in DUE_BITS.items() if bits & bit]
