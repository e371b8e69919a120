"""Audit trail: records the changes that the back office makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.model import AuditRecord
from audit.store import AuditStore
from core.clock import Clock
from core.ids import new_id
from core.mongo.transactions import Session

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Audit:
    """Writes audit records."""

    store: AuditStore
    clock: Clock

    def record(self, session: Session, actor: str, action: str, subject: str, before: Values, after: Values) -> None:
        """Insert a record within the caller's transaction; values that did not change are left out."""
        self.store.add(session, self.new_record(actor, action, subject, before, after))

    def new_record(self, actor: str, action: str, subject: str, before: Values, after: Values) -> AuditRecord:
        """Return a record without the values that did not change."""
        now = self.clock()
        changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        return AuditRecord(
            id=new_id(now),
            at=now,
            actor=actor,
            action=action,
            subject=subject,
            before={name: before[name] for name in changed if name in before},
            after={name: after[name] for name in changed if name in after},
        )
