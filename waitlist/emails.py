"""E-mails of the waiting list: the confirmation of a new entry."""

from __future__ import annotations

from dataclasses import dataclass

from core.signed_tokens import SignedLinks
from notifications.outbox.model import EmailTemplate, OutboxEmail
from notifications.outbox.new_email import NewEmail
from schedules.model import Schedule
from waitlist.model import WaitlistEntry

SUBJECT_KIND = "waitlist"
WAITING = EmailTemplate("guest_waiting", subject_kind=SUBJECT_KIND)
TEMPLATES = (WAITING,)


@dataclass(frozen=True)
class WaitlistEmails:
    """Makes e-mails as values; the caller stores them in the transaction of the change."""

    schedule: Schedule
    links: SignedLinks

    def confirmation(self, entry: WaitlistEntry, position: int) -> OutboxEmail:
        """Return the e-mail of a new entry; `position` counts from 1."""
        context = self._template_context(entry, position)
        new = NewEmail(subject=entry.id, to=entry.email, context=context, now=entry.created_at)
        return new.build(WAITING)

    def _template_context(self, entry: WaitlistEntry, position: int) -> dict[str, str]:
        context = {
            "event": self.schedule.localized(entry.language).name,
            "timezone": self.schedule.timezone,
            "date": entry.date,
            "slot": entry.slot,
            "fullName": entry.full_name,
            "email": entry.email,
            "position": str(position),
            "leaveUrl": self.links.url(entry.id),
            "language": entry.language,
        }
        if entry.seats > 1:
            context["seats"] = str(entry.seats)
        return context
