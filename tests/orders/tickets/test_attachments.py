"""Tickets attached to e-mails: a PDF with a page for each ticket, the same bytes for the same e-mail."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notifications.outbox.model import OutboxEmail
from orders.tickets import attachments
from tests.notifications.conftest import FACTS

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def email(template: str, **facts: str) -> OutboxEmail:
    return OutboxEmail(
        id="0" * 32, template=template, to="ada@example.org", context={**FACTS, **facts}, created_at=NOW, due_at=NOW,
        subject="0123",
    )  # fmt: skip


@pytest.mark.parametrize("template", sorted(attachments.TEMPLATES))
def test_email_has_its_tickets_as_pdf(template: str) -> None:
    facts = {"ticketCodes": "3PFQ47-KXW9CD-7MN4TR\n4PFQ47-KXW9CD-7MN4TR", "ticketTiers": "VIP\nGA"}

    (attached,) = attachments.attach(lambda _: (), email(template, **facts))

    assert (attached.name, attached.content_type) == ("tickets.pdf", "application/pdf")
    assert attached.content.startswith(b"%PDF-")
    assert attached.content.count(b"/Type /Page\n") == 2
    assert attachments.attach(lambda _: (), email(template, **facts)) == (attached,)


def test_letters_outside_of_the_font_are_replaced() -> None:
    facts = {"event": "Концерт 音楽 \x00 Zürich", "venue": "Halle\nB"}

    assert attachments.tickets_pdf(email("order_paid", **facts)).startswith(b"%PDF-")


def test_other_emails_keep_their_attachments() -> None:
    assert attachments.attach(lambda _: ("calendar",), email("guest_booking")) == ("calendar",)  # type: ignore[arg-type,return-value,comparison-overlap]
