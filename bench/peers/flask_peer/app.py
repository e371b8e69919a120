"""Booking service in Flask and PyMongo, as their documentation suggests: one retried transaction per booking."""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from flask import Flask, Response, g, jsonify, request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate, validates_schema
from pymongo import ASCENDING, MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from werkzeug.exceptions import HTTPException

from bench.peers.flask_peer.accounts import add_account_routes, create_account_indexes
from bench.peers.flask_peer.events import add_event_routes, create_event_indexes
from bench.peers.flask_peer.orders import add_order_routes, create_order_indexes

Document = dict[str, Any]
Store = Database[Document]

REFERENCE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
OFFICE_EMAIL = "office@example.com"

log = logging.getLogger("flask_peer")


class ApiError(Exception):
    """A refused request, with the HTTP status, code and message of its response."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class NewBooking(Schema):
    """The body of `POST /api/bookings`."""

    class Meta:
        """Forms may send more members."""

        unknown = EXCLUDE

    full_name = fields.String(required=True, data_key="fullName", validate=validate.Length(2, 80))
    email = fields.String(required=True, validate=validate.Length(max=254))
    phone = fields.String(required=True, validate=validate.Length(max=20))
    country = fields.String(required=True, validate=validate.Regexp(r"[A-Z]{2}\Z"))
    city = fields.String(load_default="", validate=validate.Length(max=80))
    date = fields.Date(required=True)
    slot_id = fields.String(required=True, data_key="slotId", validate=validate.Length(10, 100))
    message = fields.String(load_default="", validate=validate.Length(max=1200))

    @pre_load
    def strip_text(self, body: Any, **_: object) -> Any:
        """Strip every string."""
        if not isinstance(body, dict):
            return body
        return {name: value.strip() if isinstance(value, str) else value for name, value in body.items()}

    @validates_schema
    def check_email(self, booking: Document, **_: object) -> None:
        """Validate the e-mail address without a DNS lookup."""
        try:
            address = validate_email(booking["email"], check_deliverability=False)
        except EmailNotValidError as error:
            raise ValidationError(str(error), "email") from error
        booking["email"] = address.normalized.lower()

    @validates_schema
    def check_phone(self, booking: Document, **_: object) -> None:
        """Validate the phone number and its country."""
        try:
            number = phonenumbers.parse(booking["phone"], None)
        except phonenumbers.NumberParseException as error:
            raise ValidationError("Not a phone number with its country code.", "phone") from error
        if not phonenumbers.is_valid_number(number):
            raise ValidationError("Not a valid phone number.", "phone")
        if phonenumbers.region_code_for_number(number) != booking["country"]:
            raise ValidationError("Does not match the phone number.", "country")


def create_app() -> Flask:
    """Connect to the database and return the application."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    client: MongoClient[Document] = MongoClient(os.environ["MONGODB_URI"], tz_aware=True)
    database = client[os.environ["MONGODB_DATABASE"]]
    create_indexes(database)
    app = Flask(__name__)
    add_request_log(app)
    add_error_handlers(app)
    add_routes(app, database)
    create_account_indexes(client, database.name)
    add_account_routes(app, database)
    create_event_indexes(database)
    add_event_routes(app, database)
    create_order_indexes(database)
    add_order_routes(app, database)
    return app


def create_indexes(database: Store) -> None:
    """Create the indexes of queries and uniqueness rules, if they are missing."""
    database.slots.create_index([("date", ASCENDING), ("start", ASCENDING)])
    database.bookings.create_index(
        [("email", ASCENDING), ("slotId", ASCENDING)],
        unique=True,
        partialFilterExpression={"status": "confirmed"},
    )
    database.letters.create_index([("state", ASCENDING), ("createdAt", ASCENDING)])


def add_routes(app: Flask, database: Store) -> None:
    """Register the two endpoints."""
    schema = NewBooking()

    @app.get("/api/slots")
    def list_slots() -> Response:
        """List the slots of one date, ordered by start."""
        return jsonify(find_slots(database, request.args.get("date", "")))

    @app.post("/api/bookings")
    def create_booking() -> tuple[Response, int, dict[str, str]]:
        """Book one place in a slot."""
        booking, slot = insert_booking(database, schema.load(request.get_json()))
        body = {"message": "Booking created successfully.", "booking": booking_json(booking, slot)}
        return jsonify(body), 201, {"Location": f"/api/bookings/{booking['_id']}"}


def find_slots(database: Store, date: str) -> list[Document]:
    """Return the slots of `date` in the form of the API."""
    found = database.slots.find({"date": date}, {"closed": False}).sort("start", ASCENDING)
    slots = []
    for slot in found:
        remaining = max(slot["capacity"] - slot["bookedCount"], 0)
        slots.append({**slot, "remaining": remaining, "isFull": remaining == 0})
    return slots


def insert_booking(database: Store, new_booking: Document) -> tuple[Document, Document]:
    """Claim a place and insert the booking and its two e-mails in one transaction; return booking and slot."""
    booking = booking_document(new_booking)

    def in_transaction(session: ClientSession) -> Document | None:
        slot = claim_place(database, new_booking, session)
        if slot is not None:
            database.bookings.insert_one(booking, session=session)
            database.letters.insert_many(email_documents(booking), session=session)
        return slot

    with database.client.start_session() as session:
        try:
            slot = session.with_transaction(
                in_transaction,
                read_concern=ReadConcern("snapshot"),
                write_concern=WriteConcern("majority"),
            )
        except DuplicateKeyError as error:
            raise ApiError(409, "duplicate_booking", "Duplicate booking.") from error
    if slot is None:
        raise refusal(database, new_booking)
    return booking, slot


def claim_place(database: Store, new_booking: Document, session: ClientSession) -> Document | None:
    """Claim one place of the slot and return the slot, or None if it has none left."""
    return database.slots.find_one_and_update(
        {
            "_id": new_booking["slot_id"],
            "date": new_booking["date"].isoformat(),
            "closed": False,
            "$expr": {"$lt": ["$bookedCount", "$capacity"]},
        },
        {"$inc": {"bookedCount": 1}},
        session=session,
    )


def refusal(database: Store, new_booking: Document) -> ApiError:
    """Return the reason why the slot could not be claimed."""
    slot = database.slots.find_one({"_id": new_booking["slot_id"]})
    if slot is None:
        return ApiError(404, "slot_not_found", "Slot not found.")
    if slot["date"] != new_booking["date"].isoformat():
        return ApiError(400, "slot_date_mismatch", "Slot does not match selected date.")
    return ApiError(409, "slot_full", "Slot is full.")


def booking_document(new_booking: Document) -> Document:
    """Return the document of a new booking."""
    return {
        "_id": uuid.uuid4().hex,
        "reference": "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(8)),
        "slotId": new_booking["slot_id"],
        "email": new_booking["email"],
        "fullName": new_booking["full_name"],
        "phone": new_booking["phone"],
        "country": new_booking["country"],
        "city": new_booking["city"],
        "message": new_booking["message"],
        "status": "confirmed",
        "createdAt": datetime.now(UTC),
    }


def email_documents(booking: Document) -> list[Document]:
    """Return the documents of the office's and the guest's pending e-mails."""
    return [
        {
            "_id": uuid.uuid4().hex,
            "kind": kind,
            "to": to,
            "bookingId": booking["_id"],
            "state": "pending",
            "attempts": 0,
            "createdAt": booking["createdAt"],
        }
        for kind, to in (("office", OFFICE_EMAIL), ("guest", booking["email"]))
    ]


def booking_json(booking: Document, slot: Document) -> Document:
    """Return a booking in the form of the API."""
    members = {name: value for name, value in booking.items() if name != "_id"}
    created = booking["createdAt"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**members, "id": booking["_id"], "date": slot["date"], "slot": slot["label"], "createdAt": created}


def add_error_handlers(app: Flask) -> None:
    """Return every error as JSON."""

    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> tuple[Response, int]:
        return jsonify(code=error.code, message=error.message), error.status

    @app.errorhandler(ValidationError)
    def invalid(error: ValidationError) -> tuple[Response, int]:
        return jsonify(code="validation_failed", message="Invalid input.", errors=error.messages), 400

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[Response, int]:
        return jsonify(code=error.name.lower().replace(" ", "_"), message=error.description), error.code or 500

    @app.errorhandler(PyMongoError)
    def database_error(error: PyMongoError) -> tuple[Response, int]:
        log.error(json.dumps({"event": "database_failed", "requestId": g.request_id, "error": str(error)}))
        return jsonify(code="unavailable", message="Try again later."), 503


def add_request_log(app: Flask) -> None:
    """Give every request an id, and log one line for its response."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()
        g.request_id = request.headers.get("X-Request-ID") or uuid.uuid4().hex

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.request_id
        line = {
            "event": "request",
            "requestId": g.request_id,
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.started) * 1000, 1),
        }
        log.info(json.dumps(line))
        return response
