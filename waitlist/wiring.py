"""Object graph of waiting lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.concurrency.serial_transactions import SerialTransactions
from core.config.settings import Settings
from core.errors import DomainError
from core.mongo.client import Db
from core.signed_tokens import SignedLinks
from notifications.outbox.service import Outbox
from schedules.service import Schedules
from waitlist.email_queue import WaitlistEmailQueue
from waitlist.emails import WaitlistEmails
from waitlist.join import JoinWaitlist
from waitlist.service import Waitlist
from waitlist.store import WaitlistStore


@dataclass(frozen=True)
class Foundation:
    """What waiting lists are built on."""

    settings: Settings
    db: Db
    transactions: SerialTransactions
    schedules: Schedules
    outbox: Outbox


@dataclass(frozen=True)
class WaitlistServices:
    """The use cases of waiting lists."""

    join: JoinWaitlist
    entries: Waitlist


def build(base: Foundation, eligibility: Callable[[str, str], DomainError | None]) -> WaitlistServices:
    """Return the use cases of waiting lists; see `JoinWaitlist` for `eligibility`."""
    settings = base.settings
    store = WaitlistStore(base.db)
    signed_links = SignedLinks(settings.secret_key, settings.public_url, "waitlist.leave", "waitlist")
    email_queue = WaitlistEmailQueue(base.outbox, WaitlistEmails(base.schedules.schedule, signed_links))
    return WaitlistServices(
        join=JoinWaitlist(base.transactions, store, base.schedules, email_queue, eligibility),
        entries=Waitlist(base.transactions, store, base.schedules, email_queue, signed_links),
    )
