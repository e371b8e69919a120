"""What the holder of a booking's link can do: look, cancel, reschedule, take it into a calendar, see what is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from booking.changes import Changes
from booking.emails import BookingEmails
from booking.errors import BookingNotFound, SlotFull
from booking.model import Booking, Status
from booking.store import BookingStore
from core.clock import Clock, iso
from core.signed_tokens import SignedLinks, is_expired
from notifications.outbox.service import Outbox
from schedules.model import Slot
from schedules.service import Schedules
from waitlist.model import WaitlistEntry


@dataclass(frozen=True)
class SelfService:
    """Self-service. A wrong token, an unknown id and a link that has expired are all BookingNotFound."""

    store: BookingStore
    changes: Changes
    schedules: Schedules
    letters: Outbox
    links: SignedLinks
    promises: BookingEmails
    calendar: Callable[..., bytes]
    clock: Clock

    def get(self, booking_id: str, token: str) -> Booking:
        """Return the guest's booking."""
        if not self.links.verify(booking_id, token):
            raise BookingNotFound
        return self.get_linked(booking_id)

    def get_linked(self, booking_id: str) -> Booking:
        """Return the booking that another thing of the guest's leads to, as long as its own link would."""
        booking = self.store.get(booking_id)
        ends_at = self.schedules.schedule.ends_at(booking.date, booking.slot_label)
        if is_expired(ends_at, booking.created_at, self.clock()):
            raise BookingNotFound
        return booking

    def token(self, booking_id: str) -> str:
        """Return the token of a booking's link, for whoever has shown that they may have it."""
        return self.links.sign(booking_id)

    def cancel(self, booking_id: str, token: str) -> Booking:
        """Cancel the guest's booking; doing it again changes nothing."""
        self.get(booking_id, token)
        return self.changes.cancel(booking_id)

    def reschedule(self, booking_id: str, token: str, slot_id: str) -> Booking:
        """Exchange the guest's place for one in another slot; raises what `Changes.reschedule` does."""
        self.get(booking_id, token)
        try:
            return self.changes.reschedule(booking_id, slot_id)
        except SlotFull as error:
            extra = {"alternatives": self.schedules.alternative_offers(self.schedules.get_plan(slot_id))}
            raise SlotFull(extra=extra) from error

    def open_slots(self) -> list[Slot]:
        """Return the slots that can be booked now, in order."""
        return [
            slot
            for slot in self.schedules.all_slots()
            if slot.remaining and self.schedules.schedule.is_bookable_at(self.schedules.get_plan(slot.id), self.clock())
        ]

    def calendar_file(self, booking_id: str, token: str) -> bytes:
        """Return the booking as a calendar file (RFC 5545), cancelled if it is."""
        booking = self.get(booking_id, token)
        stamp = booking.changed_at or booking.created_at
        method = "CANCEL" if booking.status is Status.CANCELLED else "PUBLISH"
        return self.calendar(
            facts=self.promises.template_context(booking), about=booking.id, stamp=stamp, method=method
        )

    def export_personal_data(self, booking_id: str, token: str) -> Mapping[str, Any]:
        """Return everything that is kept about the guest of this booking in connection with it."""
        booking = self.get(booking_id, token)
        kept = {name: value for name, value in vars(booking).items() if value is not None}
        return {
            "booking": {_camel(name): iso(value) if name.endswith("_at") else value for name, value in kept.items()},
            "letters": [
                {
                    "template": letter.template,
                    "to": letter.to,
                    "state": letter.state.value,
                    "createdAt": iso(letter.created_at),
                    "sentAt": iso(letter.sent_at) if letter.sent_at else None,
                    "delivery": letter.delivery,
                    "facts": dict(letter.context),
                }
                for letter in self.letters.by_subject(booking_id)
                if letter.to == booking.email
            ],
            "waiting": [
                _waitlist_data(entry)
                for entry in self.changes.waitlist.by_email(booking.email)
                if entry.booking_id == booking_id
            ],
        }


def _waitlist_data(entry: WaitlistEntry) -> Mapping[str, Any]:
    values = dict(vars(entry))
    # The download has had this name since its first version.
    values["ticket"] = values.pop("queue_number")
    return {_camel(name): iso(value) if name.endswith("_at") else value for name, value in values.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
