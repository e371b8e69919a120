"""New outbox e-mails: id, template, context and the e-mail that blocks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.ids import new_id
from notifications.outbox.model import MAX_BLOCK, EmailTemplate, OutboxEmail, resend_id_prefix


@dataclass(frozen=True, kw_only=True)
class NewEmail:
    """An e-mail about `subject` in its `version` to one recipient; `context` holds the template's variables.

    The ids of all e-mails about a subject begin with the subject's id and a dash.
    """

    subject: str
    to: str
    context: Mapping[str, str]
    now: datetime
    version: str = ""

    def build(self, template: EmailTemplate, suffix: str = "") -> OutboxEmail:
        """Return the e-mail; a fixed `suffix` of its id makes it the only one of its kind."""
        return self._build(template, f"{self.subject}-{suffix or new_id(self.now)}")

    def build_resend(self, template: EmailTemplate) -> OutboxEmail:
        """Return the e-mail as one that the back office asked for."""
        return self._build(template, f"{resend_id_prefix(self.subject)}-{new_id(self.now)}")

    def _build(self, template: EmailTemplate, email_id: str) -> OutboxEmail:
        return OutboxEmail(
            id=email_id,
            template=template.name,
            to=self.to,
            context=self.context,
            created_at=self.now,
            due_at=self.now,
            subject=self.subject,
            audience=template.audience,
            ordered=template.ordered,
            subject_kind=template.subject_kind,
            version=self.version,
        )


def block(email: OutboxEmail, blocker: str | None, delay: timedelta = MAX_BLOCK) -> OutboxEmail:
    """Return `email` as blocked by the e-mail `blocker`, if there is one, for at most `delay`."""
    if blocker is None:
        return email
    return replace(email, blocked_by=blocker, due_at=email.due_at + delay)
