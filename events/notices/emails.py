"""E-mails about changed and cancelled events to the holders of their tickets."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.model import Account
from core.clock import Clock
from events.notices.model import Notice, NoticeKind
from notifications.outbox.model import EmailTemplate, OutboxEmail
from notifications.outbox.new_email import NewEmail

CHANGED = EmailTemplate("event_changed", ordered=False)
CANCELLED = EmailTemplate("event_cancelled", ordered=False)
TEMPLATES = (CHANGED, CANCELLED)
TEMPLATE_OF = {NoticeKind.CHANGED: CHANGED, NoticeKind.CANCELLED: CANCELLED}


@dataclass(frozen=True)
class NoticeEmails:
    """Makes e-mails as values; the caller stores them in the outbox."""

    clock: Clock

    def to_holder(self, notice: Notice, account: Account) -> OutboxEmail:
        """Return the e-mail of a notice to an account: the same id however often it is made."""
        context = {
            "event": notice.title,
            "date": notice.date.date().isoformat(),
            "time": f"{notice.date:%H:%M}",
            # Read by older versions.
            "timezone": "UTC",
            "venue": notice.venue,
            "oldDate": notice.old_date.date().isoformat(),
            "oldTime": f"{notice.old_date:%H:%M}",
            "oldVenue": notice.old_venue,
            "fullName": account.name,
            "language": account.language,
        }
        new = NewEmail(subject=notice.event_id, to=account.email, context=context, now=self.clock())
        return new.build(TEMPLATE_OF[notice.kind], f"{notice.kind.value}-{_version(notice)}-{account.id}")


def _version(notice: Notice) -> str:
    return notice.id.rpartition("-")[2]
