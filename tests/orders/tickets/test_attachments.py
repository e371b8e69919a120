"""Tickets attached to e-mails: a PDF with a page for each ticket, the same bytes for the same e-mail."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from icalendar import Calendar

from notifications.outbox.model import OutboxEmail
from orders.tickets import attachments, pdf
from tests.notifications.conftest import FACTS

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def email(template: str, **facts: str) -> OutboxEmail:
    return OutboxEmail(
        id="0" * 32, template=template, to="ada@example.org", context={**FACTS, **facts}, created_at=NOW, due_at=NOW,
        subject="0123",
    )  # fmt: skip


TWO = {
    "ticketCodes": "3PFQ47-KXW9CD-7MN4TR\n4PFQ47-KXW9CD-7MN4TR",
    "ticketTiers": "VIP\nGA",
    "ticketSeats": "A12\n",
}


@pytest.mark.parametrize("template", sorted(attachments.TEMPLATES))
def test_email_has_its_tickets_as_pdf(template: str) -> None:
    attached, _ = attachments.attach(lambda _: (), "UTC", email(template, **TWO))

    assert (attached.name, attached.content_type) == ("tickets.pdf", "application/pdf")
    assert attached.content.startswith(b"%PDF-")
    assert attached.content.count(b"/Type /Page\n") == 2
    assert len(attached.content) < 20_000
    assert attachments.attach(lambda _: (), "UTC", email(template, **TWO))[0] == attached


def test_pdf_lets_other_requests_run_after_each_page() -> None:
    pauses: list[float] = []

    assert pdf.draw(email("order_paid", **TWO), "UTC", pauses.append) == pdf.draw(email("order_paid", **TWO), "UTC")

    assert pauses == [0, 0]


def letters(content: bytes) -> str:
    """Return the letters that the embedded subset of the font maps to Unicode."""
    (table,) = re.findall(rb"begincmap.*?endcmap", content, re.DOTALL)
    return "".join(chr(int(code, 16)) for code in re.findall(rb"<[0-9A-F]{4}> <([0-9A-F]{4})>", table))


def test_pdf_embeds_the_letters_of_names() -> None:
    facts = {"event": "Концерт Ω", "venue": "Şişli\nB", "fullName": "Łukasz Ж"}

    content = attachments.tickets_pdf(email("order_paid", **facts), "UTC")

    assert b"/FontFile2" in content
    assert set("".join([*facts.values(), "A12"]).replace("\n", "")) <= set(letters(content))


def test_pdf_of_western_letters_embeds_no_font() -> None:
    content = attachments.tickets_pdf(email("order_paid", event="Été & Söhne", venue="A", fullName="Ada"), "UTC")

    assert b"/FontFile2" not in content


def test_letters_outside_of_the_font_are_question_marks(caplog: pytest.LogCaptureFixture) -> None:
    content = attachments.tickets_pdf(email("order_paid", event="音楽 \x00 Zürich", fullName="\U0001f600" * 300), "UTC")

    assert {"?", "ü"} <= set(letters(content))
    assert caplog.text == ""


def test_email_has_an_entry_for_each_event() -> None:
    facts = {
        "calendarIds": "one\ntwo",
        "calendarStarts": "2026-03-05T19:30:00+00:00\n2026-03-06T20:00:00+00:00",
        "calendarTitles": "Summer, Concert\nЖ",
        "calendarVenues": "Town Hall\nArena",
        "calendarVersions": "1\n3",
    }

    attached = attachments.attach(lambda _: (), "UTC", email("order_paid", **facts))[1]

    assert (attached.name, attached.content_type.partition(";")[0]) == ("events.ics", "text/calendar")
    entries = Calendar.from_ical(attached.content).walk("VEVENT")
    assert [str(entry["SUMMARY"]) for entry in entries] == ["Summer, Concert", "Ж"]
    assert [entry.decoded("DTSTART") for entry in entries] == [
        datetime(2026, 3, 5, 19, 30, tzinfo=UTC),
        datetime(2026, 3, 6, 20, tzinfo=UTC),
    ]
    assert [str(entry["UID"]) for entry in entries] == ["one@events.invalid", "two@events.invalid"]


def test_other_emails_keep_their_attachments() -> None:
    assert attachments.attach(lambda _: ("calendar",), "UTC", email("guest_booking")) == ("calendar",)  # type: ignore[arg-type,return-value,comparison-overlap]
