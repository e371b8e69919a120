"""Unit of work: one serialized transaction and its audit trail, for changes that claim and release no place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from audit.service import Audit
from core.clock import Clock
from core.concurrency.serial_transactions import SerialTransactions
from core.mongo.transactions import Session
from notifications.outbox.service import Outbox

T = TypeVar("T")
Values = Mapping[str, Any]


@dataclass(frozen=True)
class UnitOfWork:
    """Runs changes of rows that no place depends on."""

    transactions: SerialTransactions
    outbox: Outbox
    audit: Audit
    clock: Clock

    def run(self, work: Callable[[Session], T]) -> T:
        """Return the result of `work`, committed."""
        return self.transactions.run(work)

    def record(self, session: Session, action: Action, before: Values, after: Values) -> None:
        """Write `action` to the audit within the caller's transaction."""
        self.audit.record(session, action.actor, action.name, action.subject, before, after)


@dataclass(frozen=True)
class Action:
    """An action for the audit: `actor` is the label of an admin key, `subject` the id of what changed."""

    actor: str
    name: str
    subject: str
