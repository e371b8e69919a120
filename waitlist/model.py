"""Waiting-list entries."""

from __future__ import annotations

from collections.abc import Sequence
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
    seats: int = 1


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
    # How many places it waits for together.
    seats: int = 1


def first_fitting(entries: Sequence[WaitlistEntry], places: int) -> list[WaitlistEntry]:
    """Return those of `entries`, in order, that fit into `places` together, up to the first that does not."""
    fitting = []
    left = places
    for entry in entries:
        if entry.seats > left:
            break
        left -= entry.seats
        fitting.append(entry)
    return fitting
