"""Unit of work: one serialized transaction, its audit trail, and the signals that follow its commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from audit.service import Audit
from booking.group_commit import BookingGroupCommit
from core.clock import Clock
from core.concurrency.serial_transactions import SerialTransactions
from core.mongo.transactions import Session
from notifications.outbox.service import Outbox

T = TypeVar("T")
Values = Mapping[str, Any]


@dataclass(frozen=True)
class UnitOfWork:
    """Runs the changes of bookings and slots."""

    transactions: SerialTransactions
    group_commit: BookingGroupCommit
    outbox: Outbox
    audit: Audit
    clock: Clock

    def run(self, work: Callable[[Session], T]) -> T:
        """Return the result of `work`, committed."""
        return self.transactions.run(work)

    def record(self, session: Session, action: Action, before: Values, after: Values) -> None:
        """Write `action` to the audit within the caller's transaction."""
        self.audit.record(session, action.actor, action.name, action.subject, before, after)

    def publish(self, slot_id: str) -> None:
        """Signal that places of a slot changed: the sold-out cache and the mail worker depend on them."""
        self.group_commit.invalidate_sold_out(slot_id)
        self.outbox.wake_worker()


@dataclass(frozen=True)
class Action:
    """An action for the audit: `actor` is the label of an admin key, `subject` the id of what changed."""

    actor: str
    name: str
    subject: str
