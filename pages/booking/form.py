"""Booking form: parsing of the submitted fields, and an error message for each invalid one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import marshmallow as ma
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from booking.model import NewBooking
from booking.schemas import NewBookingSchema
from core import text
from core.contact.model import FieldRule
from core.errors import Invalid
from core.web import context, schema_variants
from pages.booking import countries
from pages.booking.party import party_size
from pages.locale import current_language
from schedules.service import Schedules
from waitlist.model import NewEntry
from waitlist.schemas import NewWaitingSchema

BOOKING = NewBookingSchema()
WAITING = NewWaitingSchema()
# In the order of the page.
FIELDS = ("seats", "slotId", "fullName", "email", "country", "phone", "city", "message")
# Their schema normalises these, and keeps joiners.
TEXT_FIELDS = frozenset({"fullName", "city", "message"})
FIELD_MESSAGES: Mapping[str, str] = {
    "seats": _("Choose how many places you need."),
    "slotId": _("Choose an hour."),
    "fullName": _("Enter your full name, in 2 to 80 characters."),
    "email": _("Enter your e-mail address, such as ada@example.org."),
    "country": _("Choose the country of your phone number."),
    "phone": _("Enter your phone number."),
    "city": _("Enter a city in at most 80 characters."),
    "message": _("Write at most 1200 characters."),
}
# Messages of `core.text` that guests see in their language, by how they begin.
PASS_THROUGH: Mapping[str, str] = {
    "Control characters": _("Control characters are not allowed."),
    "Broken characters": _("Broken characters are not allowed."),
    "A name cannot have a web address": _("A name cannot have a web address; write a blank after each dot of a name."),
}


@dataclass(frozen=True)
class BookingForm:
    """The submitted values, as typed."""

    values: Mapping[str, str]
    date: str = ""
    form_token: str = ""
    # A field that people do not see; only robots fill it in.
    honeypot: str = ""

    @classmethod
    def of(cls, form: Mapping[str, str]) -> BookingForm:
        """Return the form of a request; missing fields are empty."""
        values = {name: _visible(name, form.get(name, "")) for name in FIELDS}
        return cls(values, form.get("date", ""), form.get("form", ""), form.get("website", ""))

    @property
    def slot_id(self) -> str:
        return self.values["slotId"]

    @property
    def party(self) -> int:
        """The number of places; 1 if none is given."""
        return party_size(self.values["seats"])

    def booking(self, date: str) -> NewBooking:
        """Return the booking to create on `date`; raises Invalid with a message for each field."""
        booking: NewBooking = self._load(BOOKING, date)
        return booking

    def entry(self) -> NewEntry:
        """Return the waiting-list entry to create; raises Invalid with a message for each field."""
        entry: NewEntry = self._load(WAITING, self.date)
        return entry

    def _load(self, schema: ma.Schema, date: str) -> Any:
        phone, country = countries.parse_phone(self.values["phone"], self.values["country"])
        submitted = {**self.values, "phone": phone, "country": country, "date": date or "none"}
        filled: dict[str, Any] = {name: value for name, value in submitted.items() if value and name in schema.fields}
        if filled.get("seats") == str(self.party):
            filled["seats"] = self.party
        try:
            return schema_variants.instance_of(schema).load(filled)
        except ma.ValidationError as error:
            raise Invalid(errors=self._messages(cast("Mapping[str, Any]", error.messages))) from None

    def _messages(self, errors: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return the messages for guests in the order of the page."""
        messages = {}
        for name in FIELDS:
            if name in errors:
                messages[name] = [self._message(name, str(errors[name][0]))]
        return messages

    def _message(self, name: str, schema_message: str) -> str:
        for beginning, message in PASS_THROUGH.items():
            if schema_message.startswith(beginning):
                return str(message)
        country = countries.names(current_language()).get(self.values["country"], "")
        if name == "country" and country:
            return _country_mismatch(country)
        if name == "country" and not self._asks_for_phone:
            return str(gettext("Choose your country."))
        if name == "phone" and self.values["phone"]:
            return _invalid_phone(country, countries.example(self.values["country"]))
        return str(FIELD_MESSAGES[name])

    @property
    def _asks_for_phone(self) -> bool:
        return context.get_service(Schedules).schedule.contact_rules.phone is not FieldRule.OFF


def _visible(name: str, value: str) -> str:
    """Return `value` as its field reads it, so that a phone number can be parsed."""
    if name in TEXT_FIELDS:
        return value.strip()
    return text.strip_invisible(value).strip()


def _country_mismatch(country: str) -> str:
    return str(
        gettext(
            "This phone number is not from %(country)s. Choose its country, or correct the number.", country=country
        )
    )


def _invalid_phone(country: str, example: str) -> str:
    if country:
        return str(
            gettext("Enter a valid phone number (%(country)s), such as %(example)s.", country=country, example=example)
        )
    return str(gettext("Enter a valid phone number, such as %(example)s.", example=example))
