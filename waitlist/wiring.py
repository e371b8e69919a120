"""Object graph of waiting lists."""

from __future__ import annotations

from dataclasses import dataclass

from core.config.settings import Settings
from core.mongo.client import Db
from core.signed_tokens import SignedLinks
from inventory.group_commit import GroupCommit
from notifications.outbox.service import Outbox
from schedules.service import Schedules
from waitlist.departure import Departure, DepartureRows, LeaveWaitlist
from waitlist.email_queue import WaitlistEmailQueue
from waitlist.emails import WaitlistEmails
from waitlist.join import Eligibility, Joining, JoiningRows, JoinWaitlist
from waitlist.service import Waitlist
from waitlist.store import WaitlistStore

WaitlistRows = dict[type, JoiningRows | DepartureRows]


@dataclass(frozen=True)
class Foundation:
    """What waiting lists are built on."""

    settings: Settings
    db: Db
    schedules: Schedules
    outbox: Outbox
    eligibility: Eligibility


@dataclass(frozen=True)
class WaitlistServices:
    """The use cases of waiting lists."""

    join: JoinWaitlist
    entries: Waitlist


def build(base: Foundation, group_commit: GroupCommit) -> WaitlistServices:
    """Return the use cases of waiting lists."""
    settings = base.settings
    store = WaitlistStore(base.db)
    signed_links = _signed_links(settings)
    return WaitlistServices(
        join=JoinWaitlist(group_commit, store, base.schedules),
        entries=Waitlist(store, base.schedules, signed_links, LeaveWaitlist(group_commit, store)),
    )


def build_rows(base: Foundation) -> WaitlistRows:
    """Return the rows of the requests about waiting lists, by the type of their detail."""
    store = WaitlistStore(base.db)
    emails = WaitlistEmails(base.schedules.schedule, _signed_links(base.settings))
    email_queue = WaitlistEmailQueue(base.outbox, emails)
    return {
        Departure: DepartureRows(store, base.schedules, email_queue),
        Joining: JoiningRows(store, base.schedules, email_queue, base.eligibility),
    }


def _signed_links(settings: Settings) -> SignedLinks:
    return SignedLinks(settings.secret_key, settings.public_url, "waitlist.leave", "waitlist")
