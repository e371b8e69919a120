"""Who may not join a waiting list: guests with a booking of the slot, and addresses of domains for tests."""

from __future__ import annotations

from collections.abc import Sequence

from booking.errors import DuplicateBooking
from booking.store import BookingStore
from core.config.settings import Settings
from core.email_domains import TEST_DOMAINS, DomainReceivesNoEmail
from core.errors import DomainError
from core.mongo.transactions import Session

# The e-mail address of a guest, and a slot id.
Guest = tuple[str, str]


def refusals(
    settings: Settings, store: BookingStore, session: Session, guests: Sequence[Guest]
) -> dict[Guest, DomainError]:
    """Return the reason for each of `guests` that may not wait, within the caller's transaction."""
    reasons: dict[Guest, DomainError] = {guest: DuplicateBooking() for guest in store.with_booking(session, guests)}
    for guest in guests:
        if guest[0].endswith(TEST_DOMAINS) and not settings.allow_test_domains:
            reasons[guest] = DomainReceivesNoEmail(guest[0])
    return reasons
