"""Transfer of a ticket: the old code is void, a ticket with a new code belongs to the recipient."""

from __future__ import annotations

from dataclasses import dataclass, replace

from accounts.errors import AccountNotFound
from accounts.model import Account
from accounts.service import Accounts
from core.clock import Clock
from core.ids import new_id
from core.mongo.client import Client
from core.mongo.transactions import Session, transaction
from notifications.outbox.service import Outbox
from orders.purchase_emails import OrderEmails
from orders.tickets.codes import new_code, normalize_code
from orders.tickets.errors import TicketNotFound, TicketNotTransferable
from orders.tickets.model import Ticket, TicketState
from orders.tickets.store import TicketStore

TIMEOUT = 8.0


@dataclass(frozen=True)
class TransferTicket:
    """Transfers tickets."""

    client: Client
    tickets: TicketStore
    accounts: Accounts
    outbox: Outbox
    emails: OrderEmails
    clock: Clock

    def execute(self, holder: Account, code: str, email: str) -> Ticket:
        """Return the recipient's ticket. Without an account it waits for the verified e-mail address.

        Raises TicketNotFound, also for another holder's ticket, and TicketNotTransferable.
        """
        ticket = self.tickets.by_code(normalize_code(code))
        if not ticket.belongs_to(holder):
            raise TicketNotFound
        now = self.clock()
        recipient = self._account_of(email)
        received = replace(
            ticket,
            id=new_id(now),
            code=new_code(),
            holder_id=recipient.id if recipient else "",
            holder_email=email,
            holder_name=recipient.name if recipient else "",
            created_at=now,
        )
        language = recipient.language if recipient else holder.language
        letter = self.emails.transferred(received, language, holder.name)

        def write(session: Session) -> None:
            if not self.tickets.move(session, ticket.id, TicketState.VALID, TicketState.TRANSFERRED):
                raise TicketNotTransferable
            self.tickets.add(session, [received])
            self.outbox.enqueue(session, [letter])

        transaction(self.client, write, TIMEOUT)
        self.outbox.wake_worker()
        return received

    def _account_of(self, email: str) -> Account | None:
        """Return the account that has verified `email`, or None."""
        try:
            account = self.accounts.get_by_email(email)
        except AccountNotFound:
            return None
        return account if account.email_verified else None
