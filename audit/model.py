"""Audit records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class AuditRecord:
    """One action: `actor` is the label of an admin key, `subject` the id of a booking, slot or e-mail."""

    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
