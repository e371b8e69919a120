"""The booking form as it came back: what was typed, what it means, and what to say about it beside each field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import marshmallow as ma

from booking.model import NewBooking
from booking.schemas import NewBookingSchema
from core.errors import Invalid
from pages import countries
from waitlist.model import NewEntry
from waitlist.schemas import NewWaitingSchema

BOOKING = NewBookingSchema()
WAITING = NewWaitingSchema()
# In the order of the page.
FIELDS = ("slotId", "fullName", "email", "country", "phone", "city", "message")
ASKED = {
    "slotId": "Choose an hour.",
    "fullName": "Enter your full name, in 2 to 80 characters.",
    "email": "Enter your e-mail address, such as ada@example.org.",
    "country": "Choose the country of your phone number.",
    "phone": "Enter your phone number.",
    "city": "Enter a city in at most 80 characters.",
    "message": "Write at most 1200 characters.",
}
# What the schemas say that helps a person as it stands.
HELPFUL = ("Control characters", "Broken characters")


@dataclass(frozen=True)
class Draft:
    """What somebody typed, as typed."""

    values: Mapping[str, str]
    date: str = ""
    sealed: str = ""
    # A field that people do not see; what fills it in is no person.
    trap: str = ""

    @classmethod
    def of(cls, form: Mapping[str, str]) -> Draft:
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
        phone, country = countries.understand(self.values["phone"], self.values["country"])
        given = {**self.values, "phone": phone, "country": country, "date": date or "none"}
        try:
            return schema.load({name: value for name, value in given.items() if value and name in schema.fields})
        except ma.ValidationError as error:
            raise Invalid(errors=self._explained(cast("Mapping[str, Any]", error.messages))) from None

    def _explained(self, errors: Mapping[str, Any]) -> dict[str, list[str]]:
        wrong = {name: str(errors[name][0]) for name in FIELDS if name in errors}
        return {name: [self._sentence(name, wrong[name])] for name in FIELDS if name in wrong}

    def _sentence(self, name: str, said: str) -> str:
        if said.startswith(HELPFUL):
            return said
        country = countries.names().get(self.values["country"], "")
        if name == "country" and country:
            return f"This phone number is not from {country}. Choose its country, or correct the number."
        if name == "phone" and self.values["phone"]:
            where = f" of {country}" if country else ""
            return f"Enter a valid phone number{where}, such as {countries.example(self.values['country'])}."
        return ASKED[name]
