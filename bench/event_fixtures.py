"""Event fixtures: people with access tokens and events with one tier, in the form of each system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import jwt

from accounts.access_tokens import AccessTokens, derive_keys
from accounts.model import Account, AccountSession
from accounts.session_store import SessionStore
from accounts.session_tokens import SessionToken
from accounts.store import AccountStore
from bench.peers.flask_peer.accounts import SECRET
from bench.systems import System, SystemKind
from core.clock import now
from core.config.settings import from_env
from core.mongo.client import Document
from core.mongo.transactions import Session, transaction
from events.editor.new_event import NewEvent, NewTier
from events.model import Event
from events.store import EventStore

PEOPLE = 10_000
PEOPLE_PER_TRANSACTION = 1000
TRANSACTION_SECONDS = 60.0
TOKEN_LIFETIME = timedelta(hours=1)
SESSION_LIFETIME = timedelta(days=1)
PRICE = 2500
FIRST_DATE = datetime(2040, 1, 1, 19, tzinfo=UTC)


@dataclass(frozen=True)
class ReservationCounts:
    """The reservations in a database after a round, and the tickets that its events count as taken."""

    confirmed: int
    cancelled: int
    taken: int
    oversold: int


def access_tokens(system: System, count: int = PEOPLE) -> list[str]:
    """Return the tokens of the first `count` people, whose accounts and sessions are stored once in each system.

    The session of a person has the account's id.
    """
    ids = [_account_id(number) for number in range(count)]
    if system.spec.kind is SystemKind.PEER:
        expires = now() + TOKEN_LIFETIME
        return [jwt.encode({"sub": account_id, "exp": expires}, SECRET, algorithm="HS256") for account_id in ids]
    _store_accounts(system)
    settings = from_env(system.spec.environment)
    tokens = AccessTokens(derive_keys(settings.secret_key), settings.public_url, TOKEN_LIFETIME, now)
    return [tokens.issue(_account(account_id), account_id) for account_id in ids]


def store_events(system: System, count: int, capacity: int) -> list[str]:
    """Store published events of one tier with so many tickets; return their ids."""
    tier = NewTier(code="GA", name="General admission", price=PRICE, capacity=capacity)
    events = list(new_events(count, [tier]))
    insert_events(system, events)
    return [event.id for event in events]


def insert_events(system: System, events: Sequence[Event]) -> None:
    """Store events in the form of the system."""
    db = system.database.db
    if system.spec.kind is SystemKind.PEER:
        db.events.insert_many([_peer_document(event) for event in events])
    else:
        transaction(db.client, partial(_insert, EventStore(db), events), TRANSACTION_SECONDS)
    system.database.flush()


def count_reservations(system: System) -> ReservationCounts:
    """Count the reservations after all writes have ended."""
    system.database.wait_until_settled()
    db = system.database.db
    taken = [used for used, _ in taken_tickets(system)]
    excess = [used - capacity for used, capacity in taken_tickets(system)]
    return ReservationCounts(
        confirmed=db.reservations.count_documents({"status": "CONFIRMED"}),
        cancelled=db.reservations.count_documents({"status": "CANCELLED"}),
        taken=sum(taken),
        oversold=max(excess),
    )


def taken_tickets(system: System) -> list[tuple[int, int]]:
    """Return the taken tickets and the capacity of every tier."""
    db = system.database.db
    if system.spec.kind is SystemKind.PEER:
        tiers: list[Document] = [tier for event in db.events.find() for tier in event["tiers"]]
        return [(tier["capacity"] - tier["remaining"], tier["capacity"]) for tier in tiers]
    return [(row["taken"], row["capacity"]) for row in db.event_stock.find()]


def _insert(store: EventStore, events: Sequence[Event], session: Session) -> None:
    for event in events:
        store.insert(session, event)


def _store_accounts(system: System) -> None:
    db = system.database.db
    if db.accounts.find_one({"_id": _account_id(PEOPLE - 1)}):
        return
    store = AccountStore(db)
    sessions = SessionStore(db)
    for first in range(0, PEOPLE, PEOPLE_PER_TRANSACTION):
        numbers = range(first, first + PEOPLE_PER_TRANSACTION)

        def insert(session: Session, numbers: range = numbers) -> None:
            for number in numbers:
                store.insert(session, _account(_account_id(number)))
                device = _session(_account_id(number))
                sessions.insert(session, device, SessionToken.new(device.id))

        transaction(db.client, insert, TRANSACTION_SECONDS)


def _account_id(number: int) -> str:
    return f"{number:032x}"


def _account(account_id: str) -> Account:
    return Account(
        id=account_id,
        email=f"{account_id}@example.org",
        name="Ada Lovelace",
        created_at=now(),
        password_hash="",
        email_verified=True,
    )


def _session(account_id: str) -> AccountSession:
    moment = now()
    return AccountSession(
        id=account_id,
        account_id=account_id,
        created_at=moment,
        last_used_at=moment,
        expires_at=moment + SESSION_LIFETIME,
        user_agent="",
    )


def new_events(count: int, tiers: Sequence[NewTier]) -> Iterator[Event]:
    """Yield published events with these tiers."""
    created_at = now().replace(microsecond=0)
    for number in range(count):
        new = NewEvent(
            title=f"Concert {number}",
            description="Doors open an hour before. " * 8,
            date=FIRST_DATE + timedelta(hours=number),
            venue="Town Hall",
            currency="USD",
            tiers=tiers,
        )
        yield new.build(created_at)


def _peer_document(event: Event) -> dict[str, Any]:
    tiers = [
        {
            "id": tier.id,
            "code": tier.code,
            "name": tier.name,
            "price": tier.price,
            "capacity": tier.capacity,
            "remaining": tier.capacity,
        }
        for tier in event.tiers
    ]
    return {
        "_id": event.id,
        "title": event.title,
        "titleKey": event.title.casefold(),
        "description": event.description,
        "date": event.date,
        "venue": event.venue,
        "currency": event.currency,
        "status": event.status.value,
        "maxPerOrder": event.max_per_order,
        "salesEnd": event.sales_end,
        "tiers": tiers,
        "createdAt": event.created_at,
        "updatedAt": event.updated_at,
    }
