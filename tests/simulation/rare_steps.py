"""Steps that need a rare state: deleted accounts, disputes, and two refunds of one order at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.simulation.process import Process

if TYPE_CHECKING:
    from tests.simulation.people import People

# So many people of a seed stay.
FEWEST_ACCOUNTS = 2


@dataclass
class RareSteps:
    """Steps of `people`. `deleted` are the addresses by id of accounts whose deletion has begun: they act no more."""

    people: People
    deleted: dict[str, str] = field(default_factory=dict)
    interrupted: set[str] = field(default_factory=set)

    def delete_account(self, process: Process) -> None:
        """Delete an account, or repeat a deletion."""
        accounts = self.people.accounts
        if len(accounts) > FEWEST_ACCOUNTS:
            account = self.people.pick(accounts)
            accounts.remove(account)
            self.deleted[account.id] = account.email
        self._delete(process, list(self.deleted)[-1])

    def finish_deletions(self, process: Process) -> None:
        """Repeat the deletions that were interrupted, as their owners do."""
        for account_id in sorted(self.interrupted):
            self._delete(process, account_id)

    def release_accounts(self, process: Process) -> None:
        process.services.release_accounts.execute()

    def dispute(self, _: Process) -> None:
        self.people.bank.dispute()

    def close_dispute(self, _: Process) -> None:
        self.people.bank.close_dispute()

    def refund_one(self, process: Process) -> None:
        """Refund one ticket of the paid order that has most of them, perhaps while another one is refunded."""
        codes = self._codes_by_order()
        order_id = max(codes, key=lambda each: len(codes[each]), default=None)
        if order_id is None or len(codes[order_id]) < 2:  # one more than it refunds
            return
        first, second = self.people.world.rng.sample(codes[order_id], 2)
        self.people.rival = lambda other: _refund(other, order_id, second)
        try:
            _refund(process, order_id, first)
        finally:
            self.people.rival = None

    def _delete(self, process: Process, account_id: str) -> None:
        self.interrupted.add(account_id)
        process.deletion.delete(account_id)
        self.interrupted.discard(account_id)

    def _codes_by_order(self) -> dict[str, list[str]]:
        """Return the codes of the valid tickets of the paid orders."""
        codes: dict[str, list[str]] = {row["_id"]: [] for row in self.people.rows("orders", "paid")}
        for row in self.people.rows("tickets", "valid"):
            codes.get(row["orderId"], []).append(row["code"])
        return codes


def _refund(process: Process, order_id: str, code: str) -> Any:
    return process.services.purchases.refund_tickets.execute("admin", order_id, [code])
