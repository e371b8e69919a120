"""Outbox endpoints of the back office."""

from __future__ import annotations

from admin.blueprint import blueprint
from admin.emails.schemas import LetterSchema, LettersQuery, LettersSchema
from admin.guards import current_admin
from booking.email_retry import RetryEmail
from core.pagination import Cursor, Page
from core.web import context
from core.web.endpoint import Endpoint
from notifications.outbox.model import EmailFilter, EmailStatus, OutboxEmail
from notifications.outbox.service import Outbox


@blueprint.get("/letters")
@Endpoint(
    LettersSchema,
    query=LettersQuery,
    error_statuses=(
        401,
        403,
    ),
    security="adminKey",
)
def letters(about: str, state: str, limit: int, after: Cursor | None) -> Page[OutboxEmail]:
    """List e-mails, newest first: all, those of one state, or those about one booking.

    `after` is the `next` of the previous answer. A retried e-mail counts as new at its retry.
    """
    status = EmailStatus(state) if state else None
    return context.get_service(Outbox).find(EmailFilter(about, status), limit, after)


@blueprint.post("/letters/<letter_id>/retry")
@Endpoint(LetterSchema, error_statuses=(401, 403, 404, 409), security="adminKey")
def retry_letter(letter_id: str) -> OutboxEmail:
    """Retry a failed e-mail."""
    return context.get_service(RetryEmail).execute(letter_id, actor=current_admin())
