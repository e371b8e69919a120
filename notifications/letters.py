"""The letters there are: one function for each. A caller stores them in the transaction that promises them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from core.ids import new_id
from notifications.model import HEAD_START, Letter

Facts = Mapping[str, str]


def booking_made(*, about: str, admin: str, guest: str, facts: Facts, now: datetime) -> list[Letter]:
    """Return the two letters of a new booking: the admin's, then the guest's, which lets the other go first."""
    first = replace(_letter("admin_booking", admin, about, facts, now), id=f"{about}-admin")
    second = replace(_letter("guest_booking", guest, about, facts, now), id=confirmation_of(about))
    return [first, _behind(first.id, second)]


def confirmation_of(about: str) -> str:
    """Return the id of the letter that confirms the booking `about` to its guest."""
    return f"{about}-guest"


def booking_confirmed_again(*, about: str, guest: str, facts: Facts, now: datetime) -> Letter:
    """Return the guest's confirmation once more, asked for by the back office."""
    return _letter("guest_booking", guest, about, facts, now)


def booking_cancelled(*, about: str, guest: str, facts: Facts, now: datetime, confirmed: bool = True) -> Letter:
    """Return the letter that tells the guest of a cancellation: behind the confirmation, if that is not out yet."""
    letter = _letter("guest_cancellation", guest, about, facts, now)
    return letter if confirmed else _behind(confirmation_of(about), letter)


def _behind(first: str, letter: Letter) -> Letter:
    return replace(letter, after=first, due_at=letter.due_at + HEAD_START)


def _letter(template: str, to: str, about: str, facts: Facts, now: datetime) -> Letter:
    return Letter(id=new_id(now), template=template, to=to, facts=facts, created_at=now, due_at=now, about=about)
