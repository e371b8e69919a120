"""Attachments of e-mails with tickets: one PDF with a page for each ticket and its QR code, and a calendar file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from notifications.outbox.model import Attachment, OutboxEmail
from orders.tickets import calendar_file

FILE_NAME = "tickets.pdf"
TEMPLATES = frozenset({"order_paid", "ticket_transferred"})
Attach = Callable[[OutboxEmail], Sequence[Attachment]]


def attach(others: Attach, timezone: str, email: OutboxEmail) -> Sequence[Attachment]:
    """Return the tickets of an e-mail, with the event's time in `timezone`; of an e-mail without, those of `others`."""
    if email.template not in TEMPLATES:
        return others(email)
    tickets = Attachment(FILE_NAME, "application/pdf", tickets_pdf(email, timezone))
    content = calendar_file.calendar_of(calendar_file.entries_of(email.context, email.created_at))
    return (tickets, Attachment(calendar_file.FILE_NAME, calendar_file.MEDIA_TYPE, content))


def tickets_pdf(email: OutboxEmail, timezone: str) -> bytes:
    """Return the PDF with the event's time in `timezone`; the same e-mail always gives the same bytes."""
    from orders.tickets import pdf  # noqa: PLC0415  # its library takes a tenth of the start

    return pdf.draw(email, timezone)
