"""The letters there are: one function for each. A caller stores them in the transaction that promises them.

The ids of all letters about a booking begin with its id and a dash. `facts` are texts by name: event, timezone, date
(YYYY-MM-DD), slot (HH:MM-HH:MM), fullName and email in every letter; those about a booking add reference, phone,
country, city, message, manageUrl and sequence (how often the booking has changed); see each function for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from core.ids import new_id
from notifications.outbox.model import ADMIN_FIRST_DELAY, MAX_BLOCK, OutboxEmail, resend_id_prefix

Facts = Mapping[str, str]


def booking_made(*, about: str, admin: str, guest: str, facts: Facts, now: datetime) -> list[OutboxEmail]:
    """Return the two letters of a new booking: the admin's, then the guest's, which lets the other go first."""
    return _pair("guest_booking", about, admin, guest, facts, now)


def place_promoted(*, about: str, admin: str, guest: str, facts: Facts, now: datetime) -> list[OutboxEmail]:
    """Return the two letters of a booking that the waiting list made: the admin's, then the guest's."""
    return _pair("guest_promoted", about, admin, guest, facts, now)


def booking_confirmed_again(
    *, about: str, guest: str, facts: Facts, now: datetime, behind: str | None = None
) -> OutboxEmail:
    """Return the guest's confirmation once more, asked for by the back office: behind the letter `behind`."""
    return _behind(behind, _letter("guest_booking", guest, _again(about, now), facts, now))


def booking_cancelled(*, about: str, guest: str, facts: Facts, now: datetime, behind: str | None = None) -> OutboxEmail:
    """Return the letter that tells the guest of a cancellation: behind the letter `behind`, if one is not out yet."""
    return _behind(behind, _letter("guest_cancellation", guest, _new(about, now), facts, now))


def booking_cancelled_again(
    *, about: str, guest: str, facts: Facts, now: datetime, behind: str | None = None
) -> OutboxEmail:
    """Return the letter of a cancellation once more, asked for by the back office: behind the letter `behind`."""
    return _behind(behind, _letter("guest_cancellation", guest, _again(about, now), facts, now))


def booking_rescheduled(
    *, about: str, guest: str, facts: Facts, now: datetime, behind: str | None = None
) -> OutboxEmail:
    """Return the letter that tells the guest of another slot; `facts` add oldDate and oldSlot."""
    return _behind(behind, _letter("guest_rescheduled", guest, _new(about, now), facts, now))


def booking_reminder(*, about: str, guest: str, facts: Facts, now: datetime) -> OutboxEmail:
    """Return the letter of the day before; there is one for a booking and date, however often it is made."""
    return _letter("guest_reminder", guest, (about, f"{about}-reminder-{facts['date']}"), facts, now)


def waiting_joined(*, about: str, guest: str, facts: Facts, now: datetime) -> OutboxEmail:
    """Return the letter of a place on the waiting list; `facts` add position (a number from 1) and leaveUrl."""
    return _letter("guest_waiting", guest, _new(about, now), facts, now)


def _pair(template: str, about: str, admin: str, guest: str, facts: Facts, now: datetime) -> list[OutboxEmail]:
    first = _letter("admin_booking", admin, (about, f"{about}-admin"), facts, now)
    return [first, _letter(template, guest, (about, f"{about}-guest"), facts, now, first.id)]


def _behind(first: str | None, letter: OutboxEmail) -> OutboxEmail:
    # What is told to one guest must come in order, or the last letter they get is not true.
    return replace(letter, blocked_by=first, due_at=letter.due_at + MAX_BLOCK) if first else letter


def _new(about: str, now: datetime) -> tuple[str, str]:
    return about, f"{about}-{new_id(now)}"


def _again(about: str, now: datetime) -> tuple[str, str]:
    return about, f"{resend_id_prefix(about)}-{new_id(now)}"


def _letter(
    template: str, to: str, ids: tuple[str, str], facts: Facts, now: datetime, behind: str | None = None
) -> OutboxEmail:
    about, letter_id = ids
    return OutboxEmail(
        id=letter_id,
        template=template,
        to=to,
        context=facts,
        created_at=now,
        due_at=now + ADMIN_FIRST_DELAY if behind else now,
        subject=about,
        blocked_by=behind,
    )
