"""Orders of the Flask peer: stock is held in a retried transaction, paid by HTTP, and confirmed in a second one."""

from __future__ import annotations

import os
import secrets
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import requests
from flask import Flask, Response, abort, jsonify, request
from marshmallow import Schema, fields, validate
from pymongo import ASCENDING, ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from bench.peers.flask_peer.events import in_transaction, iso, money, require_account

Document = dict[str, Any]
Store = Database[Document]
HOLD_LIFETIME = timedelta(minutes=10)
PAYMENT_TIMEOUT_SECONDS = 10
CODE_BYTES = 10


class Line(Schema):
    """Tickets of one tier."""

    tier_id = fields.String(required=True, data_key="tierId", validate=validate.Length(1, 100))
    quantity = fields.Integer(required=True, strict=True, validate=validate.Range(1, 20))


class NewHold(Schema):
    """The body of `POST /api/holds`."""

    items = fields.List(fields.Nested(Line), required=True, validate=validate.Length(1, 20))


class NewOrder(NewHold):
    """The body of `POST /api/orders`."""

    payment_token = fields.String(required=True, data_key="paymentToken", validate=validate.Length(1, 255))


class ScannedCode(Schema):
    """The body of `POST /api/admin/checkin`."""

    code = fields.String(required=True, validate=validate.Length(1, 100))


class NotEnoughTickets(Exception):
    """A tier has too few tickets; the transaction ends."""


def create_order_indexes(database: Store) -> None:
    """Create the indexes of orders, holds and tickets, if they are missing."""
    database.events.create_index([("tiers.id", ASCENDING)])
    database.orders.create_index([("accountId", ASCENDING), ("key", ASCENDING)], unique=True)
    database.holds.create_index([("accountId", ASCENDING)], unique=True, partialFilterExpression={"state": "active"})
    database.tickets.create_index([("code", ASCENDING)], unique=True)
    database.tickets.create_index([("orderId", ASCENDING)])


def add_order_routes(app: Flask, database: Store) -> None:
    """Register the purchase, the hold and the check-in."""
    payments = requests.Session()
    payments.headers["Authorization"] = f"Bearer {os.environ.get('PAYMENT_API_KEY', '')}"

    @app.post("/api/orders")
    def buy() -> tuple[Response, int]:
        """Buy the tickets of a cart."""
        return buy_cart(database, payments)

    @app.post("/api/holds")
    def hold() -> tuple[Response, int]:
        """Hold the tickets of a cart."""
        return hold_cart(database)

    @app.post("/api/admin/checkin")
    def check_in() -> tuple[Response, int]:
        """Check a ticket in."""
        return check_in_ticket(database)


def buy_cart(database: Store, payments: requests.Session) -> tuple[Response, int]:
    """Hold the tickets of a cart, take the money, and issue the tickets."""
    account_id = require_account()
    given = NewOrder().load(request.get_json())
    order = new_order(account_id, request.headers["Idempotency-Key"], priced(database, given["items"]))
    try:
        in_transaction(database, partial(hold_order, database, order))
    except NotEnoughTickets:
        return jsonify(code="insufficient_stock", message="Not enough tickets."), 409
    except DuplicateKeyError:
        return jsonify(code="duplicate_order", message="This key was used."), 409
    payment_id = charge(payments, order, given["payment_token"])
    if not payment_id:
        in_transaction(database, partial(decline, database, order))
        return jsonify(code="payment_declined", message="Declined."), 402
    tickets = new_tickets(order)
    in_transaction(database, partial(confirm, database, order, payment_id, tickets))
    return jsonify(order_json(order, tickets)), 201


def hold_cart(database: Store) -> tuple[Response, int]:
    """Hold the tickets of a cart instead of those that the account held before."""
    account_id = require_account()
    given = NewHold().load(request.get_json())
    made = new_hold(account_id, priced(database, given["items"]))
    try:
        in_transaction(database, partial(replace_hold, database, made))
    except NotEnoughTickets:
        return jsonify(code="insufficient_stock", message="Not enough tickets."), 409
    return jsonify(hold_json(made)), 201


def check_in_ticket(database: Store) -> tuple[Response, int]:
    """Check a ticket in, once."""
    require_account()
    code = ScannedCode().load(request.get_json())["code"]
    ticket = database.tickets.find_one_and_update(
        {"code": code, "state": "valid"},
        {"$set": {"state": "checked_in", "checkedInAt": datetime.now(UTC)}},
        return_document=ReturnDocument.AFTER,
    )
    if ticket is None:
        return jsonify(code="ticket_not_valid", message="Not valid."), 409
    event = database.events.find_one({"_id": ticket["eventId"]}, {"title": 1})
    return jsonify(ticket_json(ticket, event or {})), 200


def priced(database: Store, lines: Sequence[Document]) -> list[Document]:
    """Return the items of a cart with their prices, in the order of its lines; refuse unknown tiers."""
    wanted = {"tiers.id": {"$in": [line["tier_id"] for line in lines]}, "status": "published"}
    found = {tier["id"]: (event, tier) for event in database.events.find(wanted) for tier in event["tiers"]}
    items = []
    for line in lines:
        if line["tier_id"] not in found:
            abort(404)
        event, tier = found[line["tier_id"]]
        item = {"eventId": event["_id"], "tierId": tier["id"], "name": tier["name"], "currency": event["currency"]}
        items.append({**item, "price": tier["price"], "quantity": line["quantity"]})
    return items


def take(database: Store, items: Sequence[Document], session: ClientSession) -> None:
    """Take the tickets of a cart, one line after the other; raises NotEnoughTickets."""
    for item in items:
        tier = {"id": item["tierId"], "remaining": {"$gte": item["quantity"]}}
        changed = database.events.update_one(
            {"_id": item["eventId"], "tiers": {"$elemMatch": tier}},
            {"$inc": {"tiers.$.remaining": -item["quantity"]}},
            session=session,
        )
        if not changed.matched_count:
            raise NotEnoughTickets


def give_back(database: Store, items: Sequence[Document], session: ClientSession) -> None:
    """Give the tickets of a cart back."""
    for item in items:
        database.events.update_one(
            {"_id": item["eventId"], "tiers.id": item["tierId"]},
            {"$inc": {"tiers.$.remaining": item["quantity"]}},
            session=session,
        )


def hold_order(database: Store, order: Document, session: ClientSession) -> None:
    """Take the tickets and store the order that is not paid yet."""
    take(database, order["items"], session)
    database.orders.insert_one(order, session=session)


def charge(payments: requests.Session, order: Document, token: str) -> str:
    """Take the money of an order; return the id of the payment, or nothing if it was declined."""
    response = payments.post(
        f"{os.environ['PAYMENT_API']}/v1/payment_intents",
        data={
            "amount": order["total"],
            "currency": order["currency"].lower(),
            "payment_method": token,
            "confirm": "true",
            "metadata[orderId]": order["_id"],
        },
        headers={"Idempotency-Key": order["_id"]},
        timeout=PAYMENT_TIMEOUT_SECONDS,
    )
    if response.status_code != 200:
        return ""
    return str(response.json()["id"])


def confirm(
    database: Store, order: Document, payment_id: str, tickets: Sequence[Document], session: ClientSession
) -> None:
    """Store that an order is paid, with its tickets and its e-mail."""
    paid = {"state": "paid", "paymentId": payment_id, "paidAt": datetime.now(UTC)}
    database.orders.update_one({"_id": order["_id"], "state": "held"}, {"$set": paid}, session=session)
    database.tickets.insert_many(tickets, session=session)
    email = {"_id": uuid.uuid4().hex, "kind": "order", "orderId": order["_id"], "accountId": order["accountId"]}
    email |= {"state": "pending", "attempts": 0, "createdAt": datetime.now(UTC)}
    database.letters.insert_one(email, session=session)


def decline(database: Store, order: Document, session: ClientSession) -> None:
    """Give the tickets of an order back that was not paid."""
    declined = {"$set": {"state": "declined"}}
    if database.orders.update_one({"_id": order["_id"], "state": "held"}, declined, session=session).matched_count:
        give_back(database, order["items"], session)


def replace_hold(database: Store, hold: Document, session: ClientSession) -> None:
    """Take the tickets of a hold, and give those of the account's hold before back."""
    before = database.holds.find_one_and_update(
        {"accountId": hold["accountId"], "state": "active"}, {"$set": {"state": "released"}}, session=session
    )
    if before:
        give_back(database, before["items"], session)
    take(database, hold["items"], session)
    database.holds.insert_one(hold, session=session)


def new_order(account_id: str, key: str, items: Sequence[Document]) -> Document:
    """Return the document of an order that is not paid yet."""
    return {
        "_id": uuid.uuid4().hex,
        "accountId": account_id,
        "key": key,
        "items": list(items),
        "currency": items[0]["currency"],
        "total": total_of(items),
        "state": "held",
        "createdAt": datetime.now(UTC),
        "holdUntil": datetime.now(UTC) + HOLD_LIFETIME,
    }


def new_hold(account_id: str, items: Sequence[Document]) -> Document:
    """Return the document of a hold."""
    return {
        "_id": uuid.uuid4().hex,
        "accountId": account_id,
        "items": list(items),
        "currency": items[0]["currency"],
        "state": "active",
        "createdAt": datetime.now(UTC),
        "expiresAt": datetime.now(UTC) + HOLD_LIFETIME,
    }


def new_tickets(order: Document) -> list[Document]:
    """Return the documents of the tickets of an order."""
    tickets = []
    for item in order["items"]:
        for _ in range(item["quantity"]):
            ticket = {"_id": uuid.uuid4().hex, "code": secrets.token_hex(CODE_BYTES).upper(), "orderId": order["_id"]}
            ticket |= {"eventId": item["eventId"], "tierId": item["tierId"], "tier": item["name"]}
            ticket |= {"holderId": order["accountId"], "state": "valid", "checkedInAt": None}
            tickets.append({**ticket, "createdAt": datetime.now(UTC)})
    return tickets


def total_of(items: Sequence[Document]) -> int:
    """Return the price of a cart in minor units."""
    return sum(int(item["price"]) * int(item["quantity"]) for item in items)


def items_json(items: Sequence[Document]) -> list[Document]:
    """Return the items of a cart in the form of the API."""
    return [{**item, "price": money(item["price"])} for item in items]


def order_json(order: Document, tickets: Sequence[Document]) -> Document:
    """Return a paid order in the form of the API."""
    return {
        "id": order["_id"],
        "status": "PAID",
        "currency": order["currency"],
        "totalAmount": money(order["total"]),
        "items": items_json(order["items"]),
        "tickets": [{"code": ticket["code"], "tier": ticket["tier"], "status": "valid"} for ticket in tickets],
        "createdAt": iso(order["createdAt"]),
    }


def hold_json(hold: Document) -> Document:
    """Return a hold in the form of the API."""
    return {
        "id": hold["_id"],
        "items": items_json(hold["items"]),
        "totalAmount": money(total_of(hold["items"])),
        "currency": hold["currency"],
        "expiresAt": iso(hold["expiresAt"]),
    }


def ticket_json(ticket: Document, event: Document) -> Document:
    """Return a ticket that is checked in, in the form of the API."""
    return {
        "code": ticket["code"],
        "event": {"id": ticket["eventId"], "title": event.get("title", "")},
        "tier": ticket["tier"],
        "checkedInAt": iso(ticket["checkedInAt"]),
    }
