"""What guests and the admin are promised to read about a booking: the facts of its letters, and which letters."""

from __future__ import annotations

from dataclasses import dataclass, replace

from booking.model import Booking, Status
from core.clock import Clock
from core.signed_tokens import SignedLinks
from notifications import letters
from notifications.outbox.model import EmailRules, OutboxEmail
from schedules.model import Schedule

# The organiser reads English, whatever the guest reads.
ADMIN_LANGUAGE = "en"
# Neither the organiser's e-mail nor a reminder blocks the guest's next e-mail.
RULES = EmailRules(
    unordered=frozenset({"admin_booking", "guest_reminder"}),
    to_admin=frozenset({"admin_booking"}),
)


@dataclass(frozen=True)
class BookingEmails:
    """Makes letters as values; whoever changes a booking stores them in the same transaction."""

    schedule: Schedule
    links: SignedLinks
    admin_email: str
    clock: Clock

    def confirmation(self, booking: Booking, *, promoted: bool = False) -> list[OutboxEmail]:
        """Return the admin's and the guest's letter of a new booking."""
        write = letters.place_promoted if promoted else letters.booking_made
        admins, guests = write(
            about=booking.id,
            admin=self.admin_email,
            guest=booking.email,
            facts=self.template_context(booking),
            now=booking.created_at,
        )
        if booking.language != ADMIN_LANGUAGE:
            admins = replace(admins, context=self.template_context(replace(booking, language=ADMIN_LANGUAGE)))
        return [admins, guests]

    def cancellation(self, booking: Booking, behind: str | None) -> OutboxEmail:
        """Return the guest's letter of a cancellation, which goes behind the letter `behind`."""
        return letters.booking_cancelled(
            about=booking.id, guest=booking.email, facts=self.template_context(booking), now=self.clock(), behind=behind
        )

    def rescheduled(self, old: Booking, new: Booking, behind: str | None) -> OutboxEmail:
        """Return the guest's letter of another slot, which goes behind the letter `behind`."""
        facts = self.template_context(new) | {"oldDate": old.date, "oldSlot": old.slot_label}
        return letters.booking_rescheduled(about=new.id, guest=new.email, facts=facts, now=self.clock(), behind=behind)

    def resend(self, booking: Booking, behind: str | None) -> OutboxEmail:
        """Return the letter that says once more how a booking stands, which goes behind the letter `behind`."""
        is_over = booking.status is Status.CANCELLED
        write = letters.booking_cancelled_again if is_over else letters.booking_confirmed_again
        facts = self.template_context(booking)
        return write(about=booking.id, guest=booking.email, facts=facts, now=self.clock(), behind=behind)

    def reminder(self, booking: Booking) -> OutboxEmail:
        """Return the letter of the day before."""
        return letters.booking_reminder(
            about=booking.id, guest=booking.email, facts=self.template_context(booking), now=self.clock()
        )

    def template_context(self, booking: Booking) -> dict[str, str]:
        """Return what letters and calendars say about a booking."""
        return {
            "event": self.schedule.localized(booking.language).name,
            "timezone": self.schedule.timezone,
            "date": booking.date,
            "slot": booking.slot_label,
            "reference": booking.reference,
            "fullName": booking.full_name,
            "email": booking.email,
            "phone": booking.phone,
            "country": booking.country,
            "city": booking.city,
            "message": booking.message,
            "manageUrl": self.links.url(booking.id),
            "sequence": str(booking.sequence),
            "language": booking.language,
        }
