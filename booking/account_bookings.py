"""Bookings of a signed-in account, and the export of all data about it (GDPR, article 15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.model import Identity
from accounts.service import Accounts
from booking.model import AccountData, Booking
from booking.own_cancellation import AccountTickets
from booking.store import BookingStore
from notifications.outbox.service import Outbox

MAX_BOOKINGS = 500


@dataclass(frozen=True)
class ListAccountBookings:
    """Lists the bookings that an account made, and those of its e-mail address once that is verified."""

    bookings: BookingStore
    accounts: Accounts

    def execute(self, identity: Identity) -> Sequence[Booking]:
        """Return the newest bookings first; raises NotSignedIn if the account was deleted."""
        account = self.accounts.get(identity)
        email = account.email if account.email_verified else ""
        return self.bookings.of_account(account.id, email, MAX_BOOKINGS)


@dataclass(frozen=True)
class ExportAccountData:
    """Exports the stored data about a signed-in person."""

    account_bookings: ListAccountBookings
    outbox: Outbox

    def execute(self, identity: Identity, tickets: AccountTickets) -> AccountData:
        """Return the data, with those of `tickets`; raises NotSignedIn if the account was deleted."""
        accounts = self.account_bookings.accounts
        account = accounts.get(identity)
        return AccountData(
            account=account,
            sessions=accounts.active_sessions(identity),
            emails=self.outbox.by_subject(identity.account_id),
            bookings=self.account_bookings.execute(identity),
            tickets=tickets.export(account),
        )
