"""Entries of the waiting lists of tiers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MAX_WANTED = 4
MAX_WAITING = 1000
# How long tickets are held for the first in line.
OFFER_LIFETIME = timedelta(minutes=30)


class EntryState(StrEnum):
    """State of an entry; it is in line only while it is waiting."""

    WAITING = "waiting"
    OFFERED = "offered"
    LEFT = "left"


@dataclass(frozen=True, kw_only=True)
class TierEntry:
    """An account's entry in the waiting list of a tier for up to `quantity` tickets."""

    id: str
    event_id: str
    tier_id: str
    account_id: str
    quantity: int
    queue_number: int
    created_at: datetime
    state: EntryState = EntryState.WAITING
