"""E-mails of bookings: confirmation, cancellation, rescheduling, reminder and resend."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from booking.model import Booking, Status
from core.clock import Clock
from core.signed_tokens import SignedLinks
from notifications.outbox.model import ADMIN_FIRST_DELAY, Audience, EmailTemplate, OutboxEmail
from notifications.outbox.new_email import NewEmail, block
from schedules.model import Schedule

SUBJECT_KIND = "booking"
# The organiser's e-mail about a new booking is always current.
ADMIN = EmailTemplate("admin_booking", Audience.ADMIN, ordered=False)
CONFIRMATION = EmailTemplate("guest_booking", subject_kind=SUBJECT_KIND)
PROMOTION = EmailTemplate("guest_promoted", subject_kind=SUBJECT_KIND)
CANCELLATION = EmailTemplate("guest_cancellation", subject_kind=SUBJECT_KIND)
RESCHEDULED = EmailTemplate("guest_rescheduled", subject_kind=SUBJECT_KIND)
REMINDER = EmailTemplate("guest_reminder", ordered=False, subject_kind=SUBJECT_KIND)
TEMPLATES = (ADMIN, CONFIRMATION, PROMOTION, CANCELLATION, RESCHEDULED, REMINDER)
# The organiser reads English, whatever the guest reads.
ADMIN_LANGUAGE = "en"
GUEST_SUFFIX = "guest"
# The admin's and the guest's.
EMAILS_PER_CONFIRMATION = 2


@dataclass(frozen=True)
class BookingEmails:
    """Makes e-mails as values; the caller stores them in the outbox."""

    schedule: Schedule
    links: SignedLinks
    admin_email: str
    clock: Clock

    def confirmation(self, booking: Booking, *, promoted: bool = False) -> list[OutboxEmail]:
        """Return the admin's and the guest's e-mail of a new booking; the admin's goes first."""
        guest = self._to_guest(booking, booking.created_at)
        template = PROMOTION if promoted else CONFIRMATION
        admin_email, guest_email = confirmation_pair(template, guest, self.admin_email)
        if booking.language != ADMIN_LANGUAGE:
            in_english = self.template_context(replace(booking, language=ADMIN_LANGUAGE))
            admin_email = replace(admin_email, context=in_english)
        return [admin_email, guest_email]

    def cancellation(self, booking: Booking, blocked_by: str | None) -> OutboxEmail:
        """Return the guest's e-mail of a cancellation, blocked by the guest's last pending e-mail."""
        return block(self._to_guest(booking, self.clock()).build(CANCELLATION), blocked_by)

    def rescheduled(self, old: Booking, new: Booking, blocked_by: str | None) -> OutboxEmail:
        """Return the guest's e-mail of another slot, blocked by the guest's last pending e-mail."""
        email = self._to_guest(new, self.clock())
        context = {**email.context, "oldDate": old.date, "oldSlot": old.slot_label}
        return block(replace(email, context=context).build(RESCHEDULED), blocked_by)

    def resend(self, booking: Booking, blocked_by: str | None) -> OutboxEmail:
        """Return the e-mail of a booking's present status again, blocked by the guest's last pending e-mail."""
        template = CANCELLATION if booking.status is Status.CANCELLED else CONFIRMATION
        return block(self._to_guest(booking, self.clock()).build_resend(template), blocked_by)

    def reminder(self, booking: Booking) -> OutboxEmail:
        """Return the e-mail of the day before: one for each booking and date, however often it is made."""
        return self._to_guest(booking, self.clock()).build(REMINDER, f"reminder-{booking.date}")

    def _to_guest(self, booking: Booking, now: datetime) -> NewEmail:
        return NewEmail(
            subject=booking.id,
            to=booking.email,
            context=self.template_context(booking),
            now=now,
            version=str(booking.sequence),
        )

    def template_context(self, booking: Booking) -> dict[str, str]:
        """Return the data of a booking for e-mails and calendar files; `seats` is missing for one place."""
        context = {
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
        if booking.seats > 1:
            context["seats"] = str(booking.seats)
        return context


def guest_confirmation_id(booking_id: str) -> str:
    """Return the id of the guest's e-mail that confirms a booking."""
    return f"{booking_id}-{GUEST_SUFFIX}"


def confirmation_pair(template: EmailTemplate, guest: NewEmail, admin: str) -> tuple[OutboxEmail, OutboxEmail]:
    """Return the e-mails of a new booking to `admin` and to the guest; the admin's goes first unless it fails."""
    admin_email = replace(guest, to=admin).build(ADMIN, "admin")
    guest_email = guest.build(template, GUEST_SUFFIX)
    return admin_email, block(guest_email, admin_email.id, ADMIN_FIRST_DELAY)
