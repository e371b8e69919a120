"""Waiting-list entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """The state of an entry."""

    WAITING = "waiting"
    PROMOTED = "promoted"
    LEFT = "left"


@dataclass(frozen=True)
class NewEntry:
    """A request to wait, validated and normalised; `phone` is E.164, `email` lower case, texts NFC."""

    full_name: str
    email: str
    phone: str
    country: str


@dataclass(frozen=True, kw_only=True)
class WaitlistEntry:
    """A guest's entry in a slot's waiting list. `booking_id` is the booking that promotion made."""

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
    # The language of the guest's e-mails, a code of `core.i18n`.
    language: str = "en"
