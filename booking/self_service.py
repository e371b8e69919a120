"""Self-service: the holder of a booking's signed link reads, cancels or reschedules the booking."""

from __future__ import annotations

from dataclasses import dataclass

from booking.cancellation import CancelBooking, Cancellation
from booking.errors import BookingNotFound, SlotFull
from booking.model import Booking
from booking.rescheduling import RescheduleBooking
from booking.store import BookingStore
from core.signed_tokens import SignedLinks, is_expired
from schedules.service import Schedules


@dataclass(frozen=True)
class SelfService:
    """Checks the link's token. A wrong token, an unknown id and an expired link all raise BookingNotFound."""

    bookings: BookingStore
    schedules: Schedules
    signed_links: SignedLinks
    cancel_booking: CancelBooking
    reschedule_booking: RescheduleBooking

    def get(self, booking_id: str, token: str) -> Booking:
        """Return the guest's booking."""
        if not self.signed_links.verify(booking_id, token):
            raise BookingNotFound
        return self.get_linked(booking_id)

    def get_linked(self, booking_id: str) -> Booking:
        """Return a booking that a verified waiting-list entry names, while the booking's own link is valid."""
        booking = self.bookings.get(booking_id)
        ends_at = self.schedules.schedule.ends_at(booking.date, booking.slot_label)
        if is_expired(ends_at, booking.created_at, self.schedules.clock()):
            raise BookingNotFound
        return booking

    def cancel(self, booking_id: str, token: str) -> Booking:
        """Cancel the guest's booking; a second call changes nothing."""
        booking = self.get(booking_id, token)
        return self.cancel_booking.execute(Cancellation(booking_id), booking)

    def reschedule(self, booking: Booking, slot_id: str) -> Booking:
        """Move the guest's booking, as `get` returned it, to another slot.

        Raises the errors of `RescheduleBooking.execute`.
        """
        try:
            return self.reschedule_booking.execute(booking.id, slot_id, booking)
        except SlotFull as error:
            alternatives = self.schedules.alternative_offers(self.schedules.get_plan(slot_id), booking.seats)
            raise error.with_alternatives(alternatives) from error
