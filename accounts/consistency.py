"""Consistency check: counts sessions and one-time tokens whose account does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.session_store import SessionStore
from accounts.token_store import TokenStore


@dataclass(frozen=True)
class CountOrphans:
    """Counts the rows that a deletion of an account should have deleted."""

    sessions: SessionStore
    tokens: TokenStore

    def execute(self) -> Mapping[str, int]:
        """Return the number of orphans by collection, without the collections that have none."""
        counts = {"sessions": self.sessions.count_orphans(), "account_tokens": self.tokens.count_orphans()}
        return {name: count for name, count in counts.items() if count}
