"""Lists of reservations: those of an account, and those of an event for the back office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.model import Account
from accounts.store import AccountStore
from events.model import Event
from events.store import EventStore
from orders.reservations.model import Reservation, ReservationStatus
from orders.reservations.store import ReservationStore

MAX_RESERVATIONS = 500


@dataclass(frozen=True)
class ListReservations:
    """Lists reservations with what belongs to them."""

    reservations: ReservationStore
    events: EventStore
    accounts: AccountStore

    def of_account(self, account_id: str, status: ReservationStatus | None) -> list[tuple[Reservation, Event]]:
        """Return the reservations of an account in a state, or in any, with their events, newest first."""
        found = self.reservations.of_account(account_id, status, MAX_RESERVATIONS)
        events = self.events.get_many({reservation.event_id for reservation in found})
        return [(reservation, events[reservation.event_id]) for reservation in found]

    def page_of_event(
        self, event_id: str, page: int, limit: int
    ) -> tuple[Sequence[tuple[Reservation, Account | None]], int]:
        """Return one page of an event's reservations with their accounts, newest first, and the number of all.

        Raises EventNotFound.
        """
        self.events.get(event_id)
        found, total = self.reservations.page_of_event(event_id, (page - 1) * limit, limit)
        accounts = self.accounts.get_many({reservation.account_id for reservation in found})
        return [(reservation, accounts.get(reservation.account_id)) for reservation in found], total
