"""Loading of the demo: accounts and events that are missing are stored; nothing is stored twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from accounts.model import Account
from accounts.passwords import Passwords
from accounts.store import AccountStore
from core.clock import Clock
from core.mongo.client import Client
from core.mongo.transactions import transaction
from events.demo.catalogue import PASSWORD, demo_accounts, demo_events
from events.demo.database import DemoDatabase
from events.model import Event
from events.store import EventStore

TIMEOUT = 8.0


class DemoRefused(Exception):
    """The demo is not loaded; the message says why."""


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """What to load; `progress` is called after each stored event."""

    many: bool = False
    reset: bool = False
    force: bool = False
    progress: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class DemoResult:
    """How many accounts and events were stored, and of how many events the stock was put back."""

    accounts: int
    events: int
    reset: int


@dataclass(frozen=True)
class DemoTarget:
    """Where the demo is stored."""

    client: Client
    events: EventStore
    accounts: AccountStore
    store: DemoDatabase


@dataclass(frozen=True)
class LoadDemo:
    """Loads the demo."""

    target: DemoTarget
    passwords: Passwords
    clock: Clock

    def missing(self, *, many: bool) -> list[Event]:
        """Return the events of the demo that are not stored."""
        wanted = demo_events(self.clock(), many=many)
        stored = self.target.store.existing([event.id for event in wanted])
        return [event for event in wanted if event.id not in stored]

    def execute(self, options: DemoOptions) -> DemoResult:
        """Store what is missing; raises DemoRefused for a database with other data unless forced."""
        store = self.target.store
        every = demo_events(self.clock(), many=True)
        if not options.force and store.has_other_data([event.id for event in every]):
            raise DemoRefused("The database has data of its own. Use --force to add the demo to it.")
        if options.reset and not store.is_embedded():
            raise DemoRefused("--reset is for the database of `make run` only.")
        reset = self._reset(every) if options.reset else 0
        accounts = self._add_accounts()
        missing = self.missing(many=options.many)
        for event in missing:
            self._add(event)
            options.progress()
        return DemoResult(accounts, len(missing), reset)

    def _reset(self, events: Sequence[Event]) -> int:
        stored = self.target.store.existing([event.id for event in events])
        known = [event for event in events if event.id in stored]
        transaction(self.target.client, lambda session: self.target.store.forget_sales(session, known), TIMEOUT)
        return len(known)

    def _add(self, event: Event) -> None:
        transaction(self.target.client, lambda session: self.target.events.insert(session, event), TIMEOUT)

    def _add_accounts(self) -> int:
        added = 0
        for account in demo_accounts(self.clock(), self.passwords.hash(PASSWORD)):
            if self.target.accounts.find_by_email(account.email) is None:
                self._add_account(account)
                added += 1
        return added

    def _add_account(self, account: Account) -> None:
        transaction(self.target.client, lambda session: self.target.accounts.insert(session, account), TIMEOUT)
