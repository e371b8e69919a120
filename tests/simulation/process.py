"""A process of the service: its objects, built on the shared database, with the simulated ports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import events.wiring
import orders.wiring
from accounts.deletion import AccountDeletion, Detachment
from accounts.email_queue import AccountEmailQueue
from accounts.emails import AccountEmails
from accounts.service import Accounts
from accounts.session_store import SessionStore
from accounts.store import AccountStore
from accounts.token_store import TokenStore
from audit.service import Audit
from audit.store import AuditStore
from core.config.settings import Settings
from core.mongo.client import Client, Db
from events.service import Events
from notifications.delivery.sender import Sender, SendJob
from notifications.delivery.throttle import SendThrottle
from notifications.outbox.lease_store import LeaseStore
from notifications.outbox.model import Message, OutboxEmail
from notifications.wiring import build_outbox
from orders.account_release import Release
from orders.wiring import OrderServices
from tests.simulation.providers import Bank, MailProvider
from tests.simulation.world import World

LEASED = 20


@dataclass(frozen=True)
class Environment:
    """What processes are built on."""

    settings: Settings
    client: Client
    db: Db
    accounts: Accounts


@dataclass
class Process:
    """The services of one process; a dead one is replaced by another with nothing in memory."""

    environment: Environment
    world: World
    bank: Bank
    mail: MailProvider
    services: OrderServices = field(init=False)
    busy: bool = False

    def __post_init__(self) -> None:
        db = self.environment.db
        self.events: Events = events.wiring.build_events(db, self.clock)
        deferred = (orders.wiring.build_deferred_emails(db),)
        outbox = build_outbox(db, self.clock, deferred)
        self.services = orders.wiring.build(
            orders.wiring.Foundation(
                settings=self.environment.settings,
                client=self.environment.client,
                db=db,
                clock=self.clock,
                events=self.events,
                outbox=outbox,
                audit=Audit(AuditStore(db), self.clock),
                accounts=self.environment.accounts,
                timezone="UTC",
            )
        )
        purchases = self.services.purchases
        compare = purchases.reconcile.compare
        for user in (purchases.place.pay, purchases.refunds, compare, compare.reports.withdraw.disputed):
            object.__setattr__(user, "gateway", self.bank)
        release = self.services.release_accounts
        object.__setattr__(release, "releases", [partial(self._release, each) for each in release.releases])
        queue = AccountEmailQueue(outbox, AccountEmails("", "", self.clock), TokenStore(db))
        detachment = Detachment((orders.wiring.build_mark_of_deletion(db),), release.execute)
        self.deletion = AccountDeletion(AccountStore(db), SessionStore(db), queue, self.environment.client, detachment)
        self._letters = LeaseStore(db, deferred)
        self._sender = Sender(self.mail, _rendered, self.clock, SendThrottle(1e9, self.world.monotonic))

    def _release(self, release: Release, account_id: str) -> None:
        self.world.wait("release")
        release(account_id)

    def clock(self) -> datetime:
        return self.world.now

    def send_emails(self) -> int:
        """Send some of the due e-mails, as the delivery worker does; return their number."""
        emails = self._letters.lease(LEASED, self.world.now)
        outcomes = [outcome for email in emails for outcome in self._sender.send(SendJob([email]), lambda: True)]
        self.world.wait("record")
        if outcomes:
            self._letters.record_outcomes(outcomes, self.world.now)
        return len(emails)


def _rendered(email: OutboxEmail) -> Message:
    return Message(
        key=email.id, sender="", to=email.to, subject=email.id, text="", html="", written_at=email.created_at
    )
