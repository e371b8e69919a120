"""Schemas of bookings: a request becomes a `NewBooking`, a `Booking` becomes a response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from operator import attrgetter
from typing import Any

import marshmallow as ma

from booking.model import AccountData, Booking, NewBooking, PersonalData
from core import text
from core.clock import iso
from core.schema_fields import ContactSchema, Email, ParsedString, PatternString, Text, VisibleString
from core.web.problem_schema import ProblemSchema
from notifications.outbox.model import OutboxEmail
from schedules.schemas import SeatsField
from waitlist.model import WaitlistEntry


class SlotId(ParsedString):
    """The id of a slot: 10 to 100 visible ASCII characters."""

    plain_pattern = r"[!-~]{10,100}"

    def parse(self, value: str) -> str:
        value = text.strip_invisible(value)
        if not 10 <= len(value) <= 100 or not text.visible_ascii(value):
            raise ValueError("Not a slot's id.")
        return value


class NewBookingSchema(ContactSchema):
    """A request for places of one slot."""

    result_type = NewBooking

    class Meta:
        """Ignores members that older forms send."""

        unknown = ma.EXCLUDE

    city = Text(0, 80, load_default="", allow_none=False)
    date = VisibleString(required=True, validate=ma.validate.Length(1, 40), metadata={"example": "2026-03-05"})
    slotId = SlotId(required=True, attribute="slot_id", metadata={"minLength": 10, "maxLength": 100})
    message = Text(0, 1200, multiline=True, load_default="")
    seats = SeatsField()


class IdempotencyHeader(ma.Schema):
    """The optional header that makes repeating a request safe."""

    class Meta:
        unknown = ma.EXCLUDE

    key = PatternString(
        r"[\x21-\x7e]{1,255}",
        "7f3c9a10-55aa-4d2e-9a51-000000000001",
        error="1 to 255 visible ASCII characters.",
        data_key="Idempotency-Key",
        load_default=None,
    )


class RescheduleSchema(ma.Schema):
    """The target slot."""

    class Meta:
        unknown = ma.RAISE

    slotId = SlotId(required=True, attribute="slot_id", metadata={"minLength": 10, "maxLength": 100})
    token = ma.fields.String(metadata={"description": "The token, for clients that cannot set the header."})


class LinksSchema(ma.Schema):
    """The address whose bookings' links are sent again."""

    class Meta:
        unknown = ma.RAISE

    email = Email(required=True, metadata={"format": "email", "example": "ada@example.org"})


class OwnDataSchema(ma.Schema):
    """The stored data about a guest in connection with a booking."""

    booking = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw())
    letters = ma.fields.List(ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw()))
    waiting = ma.fields.List(ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw()))

    @ma.pre_dump
    def to_members(self, data: PersonalData, **_: Any) -> dict[str, Any]:
        return {
            "booking": _booking_data(data.booking),
            "letters": [_email_data(email) for email in data.emails],
            "waiting": [_entry_data(entry) for entry in data.entries],
        }


class AccountDataSchema(ma.Schema):
    """The stored data about a person with an account."""

    account = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw())
    sessions = ma.fields.List(ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw()))
    letters = ma.fields.List(ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw()))
    bookings = ma.fields.List(ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw()))
    reservations = ma.fields.List(ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw()))
    holds = ma.fields.List(ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw()))
    orders = ma.fields.List(ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw()))
    tickets = ma.fields.List(ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw()))

    @ma.pre_dump
    def to_members(self, data: AccountData, **_: Any) -> dict[str, Any]:
        account = asdict(data.account)
        del account["password_hash"]
        return {
            "account": _camel_case(account),
            "sessions": [_camel_case(vars(session)) for session in data.sessions],
            "letters": [_without_links(_email_data(email)) for email in data.emails],
            "bookings": [_booking_data(booking) for booking in data.bookings],
            **data.tickets,
        }


class BookingSchema(ma.Schema):
    """A booking as its guest sees it."""

    id = ma.fields.String()
    reference = ma.fields.String()
    fullName = ma.fields.String(attribute="full_name")
    email = ma.fields.String()
    phone = ma.fields.String()
    date = ma.fields.String()
    slot = ma.fields.String()
    slotId = ma.fields.String(attribute="slot_id")
    country = ma.fields.String()
    city = ma.fields.String()
    message = ma.fields.String()
    status = ma.fields.String()
    seats = ma.fields.Integer()
    createdAt = ma.fields.Function(
        lambda booking: iso(booking.created_at), metadata={"type": "string", "format": "date-time"}
    )
    manageUrl = ma.fields.String(attribute="manage_url", metadata={"format": "uri"})


def booking_members(booking: Booking, manage_url: str) -> dict[str, Any]:
    """Return what `BookingSchema` dumps, without its machinery: every member is a text or made by a function."""
    members = dict(zip(_BOOKING_NAMES, _booking_values(booking), strict=True))
    members["seats"] = booking.seats
    members["createdAt"] = iso(booking.created_at)
    members["manageUrl"] = manage_url
    return members


_BOOKING_TEXTS = {
    name: field.attribute or name
    for name, field in BookingSchema().fields.items()
    if type(field) is ma.fields.String and name != "manageUrl"
}
_BOOKING_NAMES = tuple(_BOOKING_TEXTS)
_booking_values = attrgetter(*_BOOKING_TEXTS.values())


class BookedSchema(ma.Schema):
    """The answer to a booking that succeeded."""

    message = ma.fields.String()
    booking = ma.fields.Nested(BookingSchema)


class OfferSchema(ma.Schema):
    """A slot to book instead of a full one."""

    slotId = ma.fields.String(required=True)
    date = ma.fields.String(required=True, metadata={"example": "2026-03-05"})
    label = ma.fields.String(required=True, metadata={"example": "10:00-11:00"})
    remaining = ma.fields.Integer(required=True)


class NoPlaceProblemSchema(ProblemSchema):
    """The reason why a guest gets no place in a slot."""

    alternatives = ma.fields.List(
        ma.fields.Nested(OfferSchema),
        metadata={"description": "With the code slot_full alone: up to three free slots near, the nearest first."},
    )
    remaining = ma.fields.Integer(
        metadata={"description": "With the code slot_full alone: the places left, if these are too few."}
    )


def _booking_data(booking: Booking) -> dict[str, Any]:
    return _camel_case({name: value for name, value in vars(booking).items() if value is not None})


def _email_data(email: OutboxEmail) -> dict[str, Any]:
    return {
        "template": email.template,
        "to": email.to,
        "state": email.state.value,
        "createdAt": iso(email.created_at),
        "sentAt": iso(email.sent_at) if email.sent_at else None,
        "delivery": email.delivery,
        "facts": dict(email.context),
    }


def _without_links(email: dict[str, Any]) -> dict[str, Any]:
    """Return the data of an account's e-mail without its links: their tokens would give an access token more rights."""
    return {**email, "facts": {name: value for name, value in email["facts"].items() if not name.endswith("Url")}}


def _entry_data(entry: WaitlistEntry) -> dict[str, Any]:
    values = dict(vars(entry))
    # The API's name of the queue number.
    values["ticket"] = values.pop("queue_number")
    return _camel_case(values)


def _camel_case(values: Mapping[str, Any]) -> dict[str, Any]:
    return {_camel(name): iso(value) if name.endswith("_at") else value for name, value in values.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
