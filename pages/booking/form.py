"""The booking form as it came back: what was typed, what it means, and what to say about it beside each field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import marshmallow as ma
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from booking.model import NewBooking
from booking.schemas import NewBookingSchema
from core.errors import Invalid
from pages.booking import countries
from pages.locale import current_language
from waitlist.model import NewEntry
from waitlist.schemas import NewWaitingSchema

BOOKING = NewBookingSchema()
WAITING = NewWaitingSchema()
# In the order of the page.
FIELDS = ("slotId", "fullName", "email", "country", "phone", "city", "message")
FIELD_MESSAGES: Mapping[str, str] = {
    "slotId": _("Choose an hour."),
    "fullName": _("Enter your full name, in 2 to 80 characters."),
    "email": _("Enter your e-mail address, such as ada@example.org."),
    "country": _("Choose the country of your phone number."),
    "phone": _("Enter your phone number."),
    "city": _("Enter a city in at most 80 characters."),
    "message": _("Write at most 1200 characters."),
}
# What the schemas say that helps a person, by how it begins, as `core.text` says it.
PASS_THROUGH: Mapping[str, str] = {
    "Control characters": _("Control characters are not allowed."),
    "Broken characters": _("Broken characters are not allowed."),
}


@dataclass(frozen=True)
class BookingForm:
    """What somebody typed, as typed."""

    values: Mapping[str, str]
    date: str = ""
    form_token: str = ""
    # A field that people do not see; what fills it in is no person.
    trap: str = ""

    @classmethod
    def of(cls, form: Mapping[str, str]) -> BookingForm:
        """Return the draft in a form; whatever is missing is empty."""
        values = {name: form.get(name, "").strip() for name in FIELDS}
        return cls(values, form.get("date", ""), form.get("form", ""), form.get("website", ""))

    @property
    def slot_id(self) -> str:
        """Return the slot that was chosen."""
        return self.values["slotId"]

    def booking(self, date: str) -> NewBooking:
        """Return the wish to book on `date`, the chosen slot's; raises Invalid with a sentence for each field."""
        booking: NewBooking = self._loaded(BOOKING, date)
        return booking

    def entry(self) -> NewEntry:
        """Return the wish to wait; raises Invalid with a sentence for each field."""
        entry: NewEntry = self._loaded(WAITING, self.date)
        return entry

    def _loaded(self, schema: ma.Schema, date: str) -> Any:
        phone, country = countries.parse_phone(self.values["phone"], self.values["country"])
        given = {**self.values, "phone": phone, "country": country, "date": date or "none"}
        try:
            return schema.load({name: value for name, value in given.items() if value and name in schema.fields})
        except ma.ValidationError as error:
            raise Invalid(errors=self._explained(cast("Mapping[str, Any]", error.messages))) from None

    def _explained(self, errors: Mapping[str, Any]) -> dict[str, list[str]]:
        wrong = {name: str(errors[name][0]) for name in FIELDS if name in errors}
        return {name: [self._sentence(name, wrong[name])] for name in FIELDS if name in wrong}

    def _sentence(self, name: str, said: str) -> str:
        for beginning, helpful in PASS_THROUGH.items():
            if said.startswith(beginning):
                return str(helpful)
        country = countries.names(current_language()).get(self.values["country"], "")
        if name == "country" and country:
            return _not_from(country)
        if name == "phone" and self.values["phone"]:
            return _no_phone(country, countries.example(self.values["country"]))
        return str(FIELD_MESSAGES[name])


def _not_from(country: str) -> str:
    return str(
        gettext(
            "This phone number is not from %(country)s. Choose its country, or correct the number.", country=country
        )
    )


def _no_phone(country: str, example: str) -> str:
    if country:
        where = {"country": country, "example": example}
        return str(gettext("Enter a valid phone number of %(country)s, such as %(example)s.", **where))
    return str(gettext("Enter a valid phone number, such as %(example)s.", example=example))
