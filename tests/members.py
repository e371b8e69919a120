"""Signed-in people for tests: accounts stored directly, without the cost of a password."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from accounts.access_tokens import AccessTokens, derive_keys
from accounts.model import Account
from accounts.session_store import SessionStore
from accounts.sign_in import Sessions
from accounts.store import AccountStore
from core.clock import now
from core.config.settings import Settings
from core.ids import new_id
from core.mongo.client import Db
from core.mongo.transactions import Session, transaction
from tests.api_client import Answer, Transport

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Member:
    """A person with an account, an access token, and a way to the service."""

    account: Account
    token: str
    transport: Transport

    def send(self, method: str, path: str, **options: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.transport(method, path, headers=headers, **options)

    def reserve(self, event_id: str) -> Answer:
        return self.send("POST", f"/api/events/{event_id}/reserve")

    def cancel(self, event_id: str) -> Answer:
        return self.send("DELETE", f"/api/events/{event_id}/reserve")

    def bookings(self, status: str = "") -> Answer:
        return self.send("GET", "/api/bookings", query={"status": status} if status else None)


def members(db: Db, settings: Settings, transport: Transport, count: int, **changes: Any) -> list[Member]:
    """Store `count` accounts with verified addresses, and return their members; `changes` are of the accounts."""
    tokens = AccessTokens(derive_keys(settings.secret_key), settings.public_url, timedelta(days=30), now)
    sessions = Sessions(SessionStore(db), tokens, timedelta(days=30), now)
    accounts = [replace(_account(), **changes) for _ in range(count)]

    def store(session: Session) -> list[str]:
        for account in accounts:
            AccountStore(db).insert(session, account)
        return [sessions.begin(session, account, "tests").access_token for account in accounts]

    issued = transaction(db.client, store, 60.0)
    return [Member(account, token, transport) for account, token in zip(accounts, issued, strict=True)]


def _account() -> Account:
    number = next(_numbers)
    return Account(
        id=new_id(now()),
        email=f"member{number}.{uuid.uuid4().hex[:8]}@example.org",
        name=f"Member Number{number}",
        created_at=now(),
        password_hash="",
        email_verified=True,
    )
