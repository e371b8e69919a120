"""The `tickets` collection: every update has the state of the ticket in its filter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from operator import attrgetter

from pymongo import ASCENDING, IndexModel

from core.concurrency.single_flight import batched_read
from core.folding import fold
from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, bulk_update, insert
from orders.tickets.errors import TicketNotFound
from orders.tickets.model import CheckInChange, Ticket, TicketQuery, TicketState

SCHEMA = CollectionSchema(
    name="tickets",
    indexes=(
        IndexModel([("code", ASCENDING)], unique=True),
        IndexModel([("orderId", ASCENDING)]),
        IndexModel([("holderId", ASCENDING)]),
        IndexModel([("holderEmail", ASCENDING)]),
        IndexModel([("eventId", ASCENDING), ("nameKey", ASCENDING), ("_id", ASCENDING)]),
        IndexModel([("eventId", ASCENDING), ("soldAt", ASCENDING)]),
        IndexModel([("nameKey", ASCENDING), ("_id", ASCENDING)]),
        IndexModel([("soldAt", ASCENDING)]),
    ),
    validator={"$jsonSchema": {"required": ["code", "orderId", "eventId", "tierId", "state", "holderId"]}},
)

# The most tickets that one list shows.
MAX_LISTED = 1000
ANONYMOUS = {"$set": {"holderName": "", "holderEmail": "", "nameKey": ""}}


class TicketStore:
    """Tickets in MongoDB."""

    def __init__(self, db: Db) -> None:
        self._tickets = db[SCHEMA.name]
        self._committed = self._tickets.with_options(read_concern=MAJORITY_READ)
        self._of_order_shared = batched_read(self._by_order)

    def add(self, session: Session, tickets: Sequence[Ticket]) -> None:
        """Insert tickets within the caller's transaction."""
        insert(session, self._tickets, [ticket_document(ticket) for ticket in tickets])

    def move_all(self, session: Session, ticket_ids: Sequence[str], before: TicketState, after: TicketState) -> bool:
        """Change the state of tickets; return False if one has another state than `before`: abort then."""
        where = {"_id": {"$in": list(ticket_ids)}, "state": before.value}
        return bulk_update(session, self._tickets, [(where, {"$set": {"state": after.value}})]) == len(ticket_ids)

    def are_in_state(self, ticket_ids: Sequence[str], state: TicketState) -> bool:
        """Return whether all of the tickets have this majority-committed state."""
        if not ticket_ids:
            return True
        wanted = {"_id": {"$in": list(ticket_ids)}, "state": state.value}
        return self._committed.count_documents(wanted) == len(ticket_ids)

    def by_code(self, code: str) -> Ticket:
        """Return the majority-committed ticket with this code; raises TicketNotFound."""
        document = self._committed.find_one({"code": code})
        if document is None:
            raise TicketNotFound
        return _ticket(document)

    def held_by(self, account_id: str, email: str) -> list[Ticket]:
        """Return the tickets of an account, and those that wait for `email`, oldest first."""
        holders: list[Document] = [{"holderId": account_id}]
        if email:
            holders.append({"holderId": "", "holderEmail": email})
        wanted = {"$or": holders, "state": {"$ne": TicketState.TRANSFERRED.value}}
        return list(map(_ticket, self._committed.find(wanted).sort("_id", ASCENDING).limit(MAX_LISTED)))

    def ids_held_by(self, account_id: str) -> dict[str, str]:
        """Return the ids of the tickets that an account holds or has held last, each with that of its order."""
        found = self._committed.find({"holderId": account_id}, {"orderId": 1})
        return {row["_id"]: row["orderId"] for row in found}

    def anonymise_of(self, account_id: str) -> None:
        """Remove name and e-mail address from the tickets that an account holds."""
        self._tickets.update_many({"holderId": account_id}, ANONYMOUS)

    def anonymise_address(self, email: str) -> None:
        """Remove name and e-mail address from the tickets of an address, also of one without an account."""
        self._tickets.update_many({"holderEmail": email}, ANONYMOUS)

    def anonymise_all(self, order_ids: Sequence[str]) -> None:
        """Remove name and e-mail address from all tickets of orders."""
        self._tickets.update_many({"orderId": {"$in": list(order_ids)}}, ANONYMOUS)

    def move(self, session: Session, ticket_id: str, before: TicketState, after: TicketState) -> bool:
        """Change the state of a ticket; return False if it has another one than `before`."""
        where = {"_id": ticket_id, "state": before.value}
        return bulk_update(session, self._tickets, [(where, {"$set": {"state": after.value}})]) == 1

    def by_codes(self, session: Session, codes: Sequence[str]) -> dict[str, Ticket]:
        """Return the tickets with these codes by code, as the transaction sees them."""
        found = map(_ticket, self._tickets.find({"code": {"$in": list(codes)}}, session=session))
        return {ticket.code: ticket for ticket in found}

    def check(self, session: Session, ticket_ids: Sequence[str], change: CheckInChange) -> bool:
        """Check tickets in, or undo that; return False if one has another state: abort the transaction then."""
        where: Document = {"_id": {"$in": list(ticket_ids)}, "state": change.before.value}
        fields = {"$set": {"state": change.after.value, "checkedInAt": change.at}}
        return bulk_update(session, self._tickets, [(where, fields)]) == len(ticket_ids)

    def search(self, query: TicketQuery) -> tuple[list[Ticket], int]:
        """Return a page of the tickets that match, by the holder's name, and the number of all."""
        words = [{"nameKey": {"$regex": re.escape(word)}} for word in fold(query.text).split()]
        wanted: Document = {"state": {"$ne": TicketState.TRANSFERRED.value}}
        if words:
            wanted["$or"] = [{"$and": words}, {"code": query.code}]
        if query.event_id:
            wanted["eventId"] = query.event_id
        found = self._tickets.find(wanted).sort([("nameKey", ASCENDING), ("_id", ASCENDING)])
        tickets = found.skip((query.page - 1) * query.limit).limit(query.limit)
        return list(map(_ticket, tickets)), self._tickets.count_documents(wanted)

    def of_order(self, order_id: str) -> Sequence[Ticket]:
        """Return what `of_orders` returns of one order. Concurrent calls share a read."""
        return self._of_order_shared(order_id) or ()

    def of_orders(self, order_ids: Iterable[str]) -> list[Ticket]:
        """Return the majority-committed tickets of orders in any state, in the order of issue."""
        # With a sort by id the planner may walk all tickets by id: it avoids a sort in memory.
        found = self._committed.find({"orderId": {"$in": list(order_ids)}})
        return sorted(map(_ticket, found), key=attrgetter("id"))

    def _by_order(self, order_ids: Iterable[str]) -> dict[str, list[Ticket]]:
        tickets: dict[str, list[Ticket]] = {}
        for ticket in self.of_orders(order_ids):
            tickets.setdefault(ticket.order_id, []).append(ticket)
        return tickets


def ticket_document(ticket: Ticket) -> Document:
    """Return the stored form of a ticket."""
    return {
        "_id": ticket.id,
        "code": ticket.code,
        "orderId": ticket.order_id,
        "eventId": ticket.event_id,
        "tierId": ticket.tier_id,
        "tier": ticket.tier,
        "tierName": ticket.tier_name,
        "seat": ticket.seat,
        "price": ticket.price,
        "currency": ticket.currency,
        "holderId": ticket.holder_id,
        "holderEmail": ticket.holder_email,
        "holderName": ticket.holder_name,
        "nameKey": fold(ticket.holder_name),
        "createdAt": ticket.created_at,
        "soldAt": ticket.sold_at,
        "state": ticket.state.value,
        "checkedInAt": ticket.checked_in_at,
    }


def _ticket(document: Document) -> Ticket:
    return Ticket(
        id=document["_id"],
        code=document["code"],
        order_id=document["orderId"],
        event_id=document["eventId"],
        tier_id=document["tierId"],
        tier=document["tier"],
        tier_name=document.get("tierName", ""),
        seat=document["seat"],
        price=document["price"],
        currency=document["currency"],
        holder_id=document["holderId"],
        holder_email=document["holderEmail"],
        holder_name=document["holderName"],
        created_at=document["createdAt"],
        sold_at=document["soldAt"],
        state=TicketState(document["state"]),
        checked_in_at=document["checkedInAt"],
    )
