"""The letters there are: one function for each. A caller stores them in the transaction that promises them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from core.ids import new_id
from notifications.model import HEAD_START, Letter

Facts = Mapping[str, str]


def booking_made(*, about: str, admin: str, guest: str, facts: Facts, now: datetime) -> list[Letter]:
    """Return the two letters of a new booking: the admin's, then the guest's, which lets the other go first."""
    first = _letter("admin_booking", admin, about, facts, now)
    second = Letter(
        id=new_id(now),
        template="guest_booking",
        to=guest,
        facts=facts,
        created_at=now,
        due_at=now + HEAD_START,
        about=about,
        after=first.id,
    )
    return [first, second]


def booking_confirmed_again(*, about: str, guest: str, facts: Facts, now: datetime) -> Letter:
    """Return the guest's confirmation once more, asked for by the back office."""
    return _letter("guest_booking", guest, about, facts, now)


def booking_cancelled(*, about: str, guest: str, facts: Facts, now: datetime) -> Letter:
    """Return the letter that tells the guest of a cancellation."""
    return _letter("guest_cancellation", guest, about, facts, now)


def _letter(template: str, to: str, about: str, facts: Facts, now: datetime) -> Letter:
    return Letter(id=new_id(now), template=template, to=to, facts=facts, created_at=now, due_at=now, about=about)
