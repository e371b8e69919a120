"""E-mails about several places: each names their number, in both languages, and the calendar file too."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from booking import calendar_invite
from notifications.outbox.model import Message, OutboxEmail
from notifications.render import environments, render
from tests.notifications.conftest import ADMIN, FACTS, SENDER

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
TO_GUESTS = (
    "guest_booking",
    "guest_promoted",
    "guest_rescheduled",
    "guest_cancellation",
    "guest_reminder",
    "guest_waiting",
)
filled = partial(render, environments(), SENDER, ADMIN, calendar_invite.attachments)


def of_party(template: str, language: str = "en") -> Message:
    context = {**FACTS, "seats": "3", "language": language}
    return filled(
        OutboxEmail(
            id="0" * 32, template=template, to="ada@example.org", context=context, created_at=NOW, due_at=NOW,
            subject="0123",
        )
    )  # fmt: skip


def calendar_text(message: Message) -> str:
    (file,) = message.attachments
    return file.content.decode().replace("\r\n ", "")


@pytest.mark.parametrize("template", ["admin_booking", *TO_GUESTS])
def test_email_of_a_party_names_the_number_of_places(template: str) -> None:
    message = of_party(template)

    assert "Places:    3\n" in message.text
    assert ">Places</p>" in message.html


@pytest.mark.parametrize("template", TO_GUESTS)
def test_german_email_of_a_party_names_the_number_of_places(template: str) -> None:
    message = of_party(template, "de")

    assert "Plätze:    3\n" in message.text
    assert ">Plätze</p>" in message.html


def test_email_of_a_waiting_party_says_that_all_get_places_together() -> None:
    assert "too few places for all of you" in of_party("guest_waiting").text
    assert "nicht genug Plätze für Sie alle" in of_party("guest_waiting", "de").text
    assert "too few places for all of you" in of_party("guest_waiting").html


def test_calendar_file_of_a_party_names_the_number_of_places() -> None:
    assert "Places: 3" in calendar_text(of_party("guest_booking"))
    assert "Plätze: 3" in calendar_text(of_party("guest_booking", "de"))
