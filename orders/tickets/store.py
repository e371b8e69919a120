"""The `tickets` collection: every update has the state of the ticket in its filter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pymongo import ASCENDING, IndexModel

from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, bulk_update, insert
from orders.tickets.errors import TicketNotFound
from orders.tickets.model import Ticket, TicketState

SCHEMA = CollectionSchema(
    name="tickets",
    indexes=(
        IndexModel([("code", ASCENDING)], unique=True),
        IndexModel([("orderId", ASCENDING)]),
        IndexModel([("holderId", ASCENDING)]),
        IndexModel([("holderEmail", ASCENDING)]),
        IndexModel([("eventId", ASCENDING)]),
    ),
    validator={"$jsonSchema": {"required": ["code", "orderId", "eventId", "tierId", "state", "holderId"]}},
)


class TicketStore:
    """Tickets in MongoDB."""

    def __init__(self, db: Db) -> None:
        self._tickets = db[SCHEMA.name]
        self._committed = self._tickets.with_options(read_concern=MAJORITY_READ)

    def add(self, session: Session, tickets: Sequence[Ticket]) -> None:
        """Insert tickets within the caller's transaction."""
        insert(session, self._tickets, [_document(ticket) for ticket in tickets])

    def void(self, session: Session, ticket_ids: Sequence[str]) -> bool:
        """Make valid tickets void; return False if one is not valid: abort the transaction then."""
        where = {"_id": {"$in": list(ticket_ids)}, "state": TicketState.VALID.value}
        change = {"$set": {"state": TicketState.VOID.value}}
        return bulk_update(session, self._tickets, [(where, change)]) == len(ticket_ids)

    def are_valid(self, ticket_ids: Sequence[str]) -> bool:
        """Return whether all of the tickets are valid in a majority-committed state."""
        if not ticket_ids:
            return True
        wanted = {"_id": {"$in": list(ticket_ids)}, "state": TicketState.VALID.value}
        return self._committed.count_documents(wanted) == len(ticket_ids)

    def by_code(self, code: str) -> Ticket:
        """Return the majority-committed ticket with this code; raises TicketNotFound."""
        document = self._committed.find_one({"code": code})
        if document is None:
            raise TicketNotFound
        return _ticket(document)

    def of_orders(self, order_ids: Iterable[str]) -> list[Ticket]:
        """Return the majority-committed tickets of orders in any state, in the order of issue."""
        found = self._committed.find({"orderId": {"$in": list(order_ids)}}).sort("_id", ASCENDING)
        return list(map(_ticket, found))


def _document(ticket: Ticket) -> Document:
    return {
        "_id": ticket.id,
        "code": ticket.code,
        "orderId": ticket.order_id,
        "eventId": ticket.event_id,
        "tierId": ticket.tier_id,
        "tier": ticket.tier,
        "seat": ticket.seat,
        "price": ticket.price,
        "currency": ticket.currency,
        "holderId": ticket.holder_id,
        "holderEmail": ticket.holder_email,
        "holderName": ticket.holder_name,
        "createdAt": ticket.created_at,
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
        seat=document["seat"],
        price=document["price"],
        currency=document["currency"],
        holder_id=document["holderId"],
        holder_email=document["holderEmail"],
        holder_name=document["holderName"],
        created_at=document["createdAt"],
        state=TicketState(document["state"]),
        checked_in_at=document["checkedInAt"],
    )
