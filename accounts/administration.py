"""Administration of accounts: roles and disabled accounts, with audit records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.model import Account, AccountChange
from accounts.session_store import SessionStore
from accounts.store import AccountStore
from audit.service import Audit
from core.mongo.client import Client
from core.mongo.transactions import Session, transaction

TIMEOUT = 8.0


@dataclass(frozen=True)
class AdministerAccounts:
    """Changes roles and disables accounts; a disabled account's sessions end at once."""

    accounts: AccountStore
    sessions: SessionStore
    audit: Audit
    client: Client

    def execute(self, actor: str, account_id: str, change: AccountChange) -> Account:
        """Return the changed account; raises AccountNotFound."""
        return transaction(self.client, lambda session: self._change(session, actor, account_id, change), TIMEOUT)

    def _change(self, session: Session, actor: str, account_id: str, change: AccountChange) -> Account:
        before = self.accounts.get(account_id, session)
        values = _stored_values(change)
        if not values:
            return before
        after = self.accounts.update(account_id, values, session)
        if after.disabled:
            self.sessions.delete_all(account_id, in_transaction=session)
        self.audit.record(session, actor, "account.changed", account_id, _audited(before), _audited(after))
        return after


def _stored_values(change: AccountChange) -> Mapping[str, Any]:
    values: dict[str, Any] = {}
    if change.role is not None:
        values["role"] = change.role.value
    if change.disabled is not None:
        values["disabled"] = change.disabled
    return values


def _audited(account: Account) -> Mapping[str, Any]:
    return {"role": account.role.value, "disabled": account.disabled}
