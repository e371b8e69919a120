"""Events of the Flask peer: one retried transaction per reservation, as the documentation of PyMongo suggests."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any

import jwt
from flask import Flask, Response, abort, jsonify, request
from marshmallow import Schema, fields, validate
from pymongo import ASCENDING, DESCENDING
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from bench.peers.flask_peer.accounts import SECRET

Document = dict[str, Any]
Store = Database[Document]
SORT_FIELDS = {"date": "date", "price": "tiers.0.price", "title": "titleKey"}


class EventsQuery(Schema):
    """The query of the list."""

    search = fields.String(load_default="")
    sortBy = fields.String(load_default="date", validate=validate.OneOf(list(SORT_FIELDS)))
    sortOrder = fields.String(load_default="asc", validate=validate.OneOf(["asc", "desc"]))
    page = fields.Integer(load_default=1, validate=validate.Range(min=1))
    limit = fields.Integer(load_default=10, validate=validate.Range(min=1, max=50))


def create_event_indexes(database: Store) -> None:
    """Create the indexes of events and reservations, if they are missing."""
    for field in SORT_FIELDS.values():
        database.events.create_index([("status", ASCENDING), (field, ASCENDING), ("_id", ASCENDING)])
    database.reservations.create_index(
        [("eventId", ASCENDING), ("accountId", ASCENDING)],
        unique=True,
        partialFilterExpression={"status": "CONFIRMED"},
    )


def add_event_routes(app: Flask, database: Store) -> None:
    """Register the list, the detail, and the two calls of a reservation."""
    query = EventsQuery()

    @app.get("/api/events")
    def list_events() -> Response:
        """List a page of the published events."""
        return jsonify(find_page(database, query.load(request.args)))

    @app.get("/api/events/<event_id>")
    def show_event(event_id: str) -> Response:
        """Show one event."""
        event = database.events.find_one({"_id": event_id, "status": {"$ne": "draft"}})
        if event is None:
            abort(404)
        return jsonify(event_json(event))

    @app.post("/api/events/<event_id>/reserve")
    def reserve(event_id: str) -> tuple[Response, int]:
        """Reserve a ticket of the first tier."""
        account_id = require_account()
        reservation = new_reservation(event_id, account_id)
        try:
            event = in_transaction(database, lambda session: claim(database, reservation, session))
        except DuplicateKeyError:
            return jsonify(code="already_booked", message="Already booked."), 409
        if event is None:
            return refusal(database, event_id)
        return jsonify(reservation_json(reservation, event)), 201

    @app.delete("/api/events/<event_id>/reserve")
    def cancel(event_id: str) -> tuple[Response, int]:
        """Cancel a reservation and give its ticket back."""
        account_id = require_account()
        cancelled = in_transaction(database, lambda session: release(database, event_id, account_id, session))
        if cancelled is None:
            return jsonify(code="reservation_not_found", message="Not found."), 404
        reservation, event = cancelled
        return jsonify(reservation_json(reservation, event)), 200


def require_account() -> str:
    """Return the account id of the access token; refuse others with 401."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        return str(jwt.decode(token, SECRET, algorithms=["HS256"])["sub"])
    except jwt.InvalidTokenError:
        abort(401)


def find_page(database: Store, query: Document) -> Document:
    """Return a page of events with the total."""
    wanted: Document = {"status": "published"}
    if query["search"]:
        pattern = {"$regex": re.escape(query["search"]), "$options": "i"}
        wanted["$or"] = [{"title": pattern}, {"venue": pattern}]
    direction = DESCENDING if query["sortOrder"] == "desc" else ASCENDING
    order = [(SORT_FIELDS[query["sortBy"]], direction), ("_id", direction)]
    limit = query["limit"]
    found = database.events.find(wanted).sort(order).skip((query["page"] - 1) * limit).limit(limit)
    total = database.events.count_documents(wanted)
    return {
        "data": [event_json(event) for event in found],
        "meta": {"total": total, "page": query["page"], "limit": limit, "totalPages": -(-total // limit)},
    }


def in_transaction(database: Store, work: Any) -> Any:
    """Run `work` in a transaction that the driver retries."""
    with database.client.start_session() as session:
        return session.with_transaction(
            work, read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
        )


def claim(database: Store, reservation: Document, session: ClientSession) -> Document | None:
    """Take a ticket and store the reservation and its e-mail; None if no ticket is left."""
    event = database.events.find_one_and_update(
        {
            "_id": reservation["eventId"],
            "status": "published",
            "salesEnd": {"$gt": reservation["createdAt"]},
            "tiers.0.remaining": {"$gt": 0},
        },
        {"$inc": {"tiers.0.remaining": -1}},
        session=session,
    )
    if event is not None:
        database.reservations.insert_one(reservation, session=session)
        database.letters.insert_one(email(reservation, "reserved"), session=session)
    return event


def release(
    database: Store, event_id: str, account_id: str, session: ClientSession
) -> tuple[Document, Document] | None:
    """Cancel the reservation of an account, give its ticket back and store an e-mail."""
    reservation = database.reservations.find_one_and_update(
        {"eventId": event_id, "accountId": account_id, "status": "CONFIRMED"},
        {"$set": {"status": "CANCELLED", "updatedAt": datetime.now(UTC)}},
        session=session,
    )
    if reservation is None:
        return None
    event = database.events.find_one_and_update({"_id": event_id}, {"$inc": {"tiers.0.remaining": 1}}, session=session)
    database.letters.insert_one(email(reservation, "cancelled"), session=session)
    return {**reservation, "status": "CANCELLED"}, event or {}


def refusal(database: Store, event_id: str) -> tuple[Response, int]:
    """Return why no ticket could be taken."""
    event = database.events.find_one({"_id": event_id})
    if event is None or event["status"] == "draft":
        return jsonify(code="event_not_found", message="Event not found."), 404
    if event["status"] == "cancelled":
        return jsonify(code="event_cancelled", message="This event was cancelled."), 409
    if event["salesEnd"] <= datetime.now(UTC):
        return jsonify(code="sales_closed", message="Sales have ended."), 409
    return jsonify(code="sold_out", message="Sold out."), 409


def new_reservation(event_id: str, account_id: str) -> Document:
    """Return the document of a new reservation."""
    now = datetime.now(UTC)
    return {
        "_id": uuid.uuid4().hex,
        "eventId": event_id,
        "accountId": account_id,
        "status": "CONFIRMED",
        "createdAt": now,
        "updatedAt": now,
    }


def email(reservation: Document, kind: str) -> Document:
    """Return the document of a pending e-mail to the owner of a reservation."""
    return {
        "_id": uuid.uuid4().hex,
        "kind": kind,
        "accountId": reservation["accountId"],
        "reservationId": reservation["_id"],
        "state": "pending",
        "attempts": 0,
        "createdAt": datetime.now(UTC),
    }


def event_json(event: Document) -> Document:
    """Return an event in the form of the API."""
    tiers = event["tiers"]
    return {
        "id": event["_id"],
        **{name: event[name] for name in ("title", "description", "venue", "currency", "status", "maxPerOrder")},
        **{name: iso(event[name]) for name in ("date", "salesEnd", "createdAt", "updatedAt")},
        "price": money(tiers[0]["price"]),
        "totalTickets": sum(tier["capacity"] for tier in tiers),
        "remainingTickets": sum(tier["remaining"] for tier in tiers),
        "tiers": [{**tier, "price": money(tier["price"])} for tier in tiers],
    }


def reservation_json(reservation: Document, event: Document) -> Document:
    """Return a reservation in the form of the API."""
    return {
        "id": reservation["_id"],
        "userId": reservation["accountId"],
        "eventId": reservation["eventId"],
        "status": reservation["status"],
        "createdAt": iso(reservation["createdAt"]),
        "event": event_json(event),
    }


def iso(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money(minor: int) -> str:
    """Return an amount with two decimals."""
    return f"{minor // 100}.{minor % 100:02}"
