"""Entries of a waiting list as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """What has become of an entry."""

    WAITING = "waiting"
    PROMOTED = "promoted"
    LEFT = "left"


@dataclass(frozen=True)
class NewEntry:
    """A wish to wait, validated and normalised; `phone` is E.164, `email` lower case, texts NFC."""

    full_name: str
    email: str
    phone: str
    country: str


@dataclass(frozen=True, kw_only=True)
class WaitlistEntry:
    """Somebody who waits, or waited, for a place in a slot. `booking_id` is what a promotion made."""

    id: str
    slot_id: str
    date: str
    slot: str
    queue_number: int
    full_name: str
    email: str
    phone: str
    country: str
    created_at: datetime
    state: State = State.WAITING
    booking_id: str | None = None
    # What the guest's letters are written in: a code of `core.languages`.
    language: str = "en"
