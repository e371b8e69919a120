"""Object graph of ticket claims."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.service import Accounts
from audit.service import Audit
from core.clock import Clock
from core.config.settings import Settings
from core.mongo.client import Client, Db
from events.service import Events
from inventory.group_commit import GroupCommit
from notifications.outbox.service import Outbox
from orders.group_commit import TicketRecords, TicketRows
from orders.holds import store as hold_store

SCHEMAS = (hold_store.SCHEMA,)


@dataclass(frozen=True)
class Foundation:
    """What ticket claims are built on."""

    settings: Settings
    client: Client
    db: Db
    clock: Clock
    events: Events
    outbox: Outbox
    audit: Audit
    accounts: Accounts


@dataclass(frozen=True)
class OrderServices:
    """The use cases of ticket claims."""

    ticket_group_commit: GroupCommit


def build_group_commit(base: Foundation) -> GroupCommit:
    """Return the group commit of all requests for tickets."""
    rows: dict[type, TicketRows] = {}
    return GroupCommit(base.client, base.events.store.stock, TicketRecords(base.events.store, base.outbox, rows))


def build(base: Foundation) -> OrderServices:
    """Return the use cases of ticket claims."""
    return OrderServices(ticket_group_commit=build_group_commit(base))
