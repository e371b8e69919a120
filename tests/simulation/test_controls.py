"""Controls of the simulator: each guard that is removed from the product is found by some seed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import inventory.stock
from core.ids import new_id
from core.mongo.transactions import Session, bulk_update, transaction
from notifications.outbox.model import OutboxEmail
from notifications.outbox.service import Outbox
from orders.deleted_account_store import DeletedAccountStore
from orders.expiry import ExpireOrders
from orders.group_commit import TicketRecords
from orders.holds.store import HoldStore
from orders.model import Order, OrderKey, Refund, RefundState
from orders.offers.model import TierEntry
from orders.offers.store import TierWaitlistStore
from orders.payment_comparison import ComparePayments
from orders.payments.gateway import Repayment
from orders.reconciliation import ReconcilePayments
from orders.refunds import ExecuteRefunds
from orders.store import OrderStore
from orders.tickets.checkin import Scan
from tests.simulation import process
from tests.simulation.run import Simulator, Violation

MOST_SEEDS = 1000
Patch = pytest.MonkeyPatch
Removal = Callable[[Patch, Simulator], None]


def by_id_alone(*_: Any) -> Callable[..., int]:
    """Return a bulk update whose filters name ids only."""

    def update(session: Session, collection: Any, updates: Sequence[Any]) -> int:
        changes = [({"_id": where["_id"]}, change) for where, change in updates]
        bulk_update(session, collection, changes)
        return sum(len(where["_id"]["$in"]) if isinstance(where["_id"], dict) else 1 for where, _ in updates)

    return update


def capacity_guard(patch: Patch, simulator: Simulator) -> None:
    patch.setattr(inventory.stock, "capacity_guard", lambda *_: {})
    simulator.environment.db.command("collMod", "event_stock", validator={})


def state_of_holds(patch: Patch, _: Simulator) -> None:
    patch.setattr("orders.holds.store.bulk_update", by_id_alone())


def state_of_tickets(patch: Patch, _: Simulator) -> None:
    patch.setattr("orders.tickets.store.bulk_update", by_id_alone())


def state_of_checked_in_tickets(patch: Patch, _: Simulator) -> None:
    patch.setattr(Scan, "fits", lambda _, ticket: ticket is not None)
    patch.setattr("orders.tickets.store.bulk_update", by_id_alone())


def memory_of_payments(patch: Patch, _: Simulator) -> None:
    patch.setattr("orders.payment_settlement._is_known", lambda *_: False)


def deadline_of_holds(patch: Patch, _: Simulator) -> None:
    expired = HoldStore.expired
    patch.setattr(HoldStore, "expired", lambda store, now, limit: expired(store, now.replace(year=2027), limit))


def deadline_of_orders(patch: Patch, _: Simulator) -> None:
    expired = OrderStore.expired
    patch.setattr(OrderStore, "expired", lambda store, now, limit: expired(store, now.replace(year=2027), limit))


def end_of_expired_orders(patch: Patch, _: Simulator) -> None:
    patch.setattr(ExpireOrders, "execute", lambda _: 0)
    patch.setattr(ReconcilePayments, "execute", lambda _: 0)


def reconciliation(patch: Patch, _: Simulator) -> None:
    patch.setattr(ReconcilePayments, "execute", lambda _: 0)


def key_of_refunds(patch: Patch, _: Simulator) -> None:
    numbers = itertools.count()
    patch.setattr("orders.refunds.Repayment", lambda key, **rest: Repayment(key=f"{key}-{next(numbers)}", **rest))


def retry_of_refunds(patch: Patch, _: Simulator) -> None:
    patch.setattr(ExecuteRefunds, "execute", lambda _: 0)


def key_of_charges(patch: Patch, _: Simulator) -> None:
    numbers = itertools.count()
    patch.setattr(Order, "charge_key", property(lambda order: f"{order.id}-{next(numbers)}"))


def key_of_requests(patch: Patch, simulator: Simulator) -> None:
    ids = itertools.count()
    patch.setattr("orders.checkout.OrderKey", lambda id_, *rest: OrderKey(f"{id_}-{next(ids)}", *rest))


def key_of_emails(patch: Patch, simulator: Simulator) -> None:
    rendered = process._rendered
    patch.setattr(
        process, "_rendered", lambda email: replace(rendered(email), key=new_id(simulator.simulation.world.now))
    )


def emails_within_the_transaction(patch: Patch, simulator: Simulator) -> None:
    waiting: list[OutboxEmail] = []
    after_commit = TicketRecords.after_commit

    def enqueue(_: Outbox, __: Session, emails: Sequence[OutboxEmail]) -> None:
        waiting[:] = emails

    def write(records: TicketRecords, requests: Any) -> None:
        if waiting:
            transaction(
                simulator.environment.client, lambda session: records._outbox.store.add(session, list(waiting)), 8.0
            )
        waiting.clear()
        after_commit(records, requests)

    patch.setattr(Outbox, "enqueue", enqueue)
    patch.setattr(TicketRecords, "after_commit", write)


def offer_of_freed_tickets(patch: Patch, _: Simulator) -> None:
    patch.setattr(TicketRecords, "_following", lambda *_: [])


def release_of_cancelled_tickets(patch: Patch, _: Simulator) -> None:
    patch.setattr("orders.cancellation.Releases.claims_of", lambda *_: {})


def unanswered_is_declined(patch: Patch, simulator: Simulator) -> None:
    """Take a payment without an answer for a declined one."""
    patch.setattr("orders.payment_settlement.LATE", frozenset())
    patch.setattr("orders.payment_settlement.SettlePayment._returned", lambda *_: None)


def state_of_reservations(patch: Patch, _: Simulator) -> None:
    patch.setattr("orders.reservations.store.bulk_update", by_id_alone())


def order_of_arrival(patch: Patch, _: Simulator) -> None:
    next_in_line = TierWaitlistStore.next_in_line

    def last_in_line(store: TierWaitlistStore, session: Session, tier_id: str, limit: int) -> list[TierEntry]:
        return next_in_line(store, session, tier_id, 1000)[::-1][:limit]

    patch.setattr(TierWaitlistStore, "next_in_line", last_in_line)


def new_key_of_failed_refunds(patch: Patch, _: Simulator) -> None:
    def same_key(refund: Refund, _: Any) -> Refund:
        return replace(refund, state=RefundState.PENDING)

    patch.setattr("orders.payment_reports.after_failure", same_key)


def comparison(patch: Patch, _: Simulator) -> None:
    """Without questions about expired orders, only the comparison finds payments that no webhook reports."""
    patch.setattr(ReconcilePayments, "_expired", lambda *_: ())
    patch.setattr(ComparePayments, "execute", lambda *_: 0)


def version_of_orders(patch: Patch, _: Simulator) -> None:
    """Two changes of one order from the same version, each with valid tickets of its own, then lose a refund."""
    patch.setattr("orders.store.bulk_update", by_id_alone())


def id_of_disputes(patch: Patch, _: Simulator) -> None:
    patch.setattr("orders.disputes.find_dispute", lambda *_: None)


def claims_of_restored_tickets(patch: Patch, _: Simulator) -> None:
    patch.setattr("orders.won_disputes.opposite", lambda _: {})


def other_disputes_of_a_payment(patch: Patch, _: Simulator) -> None:
    """Restore tickets of a payment of which another dispute is open."""
    patch.setattr("orders.won_disputes._is_last", lambda _: True)


def mark_of_deleted_accounts(patch: Patch, _: Simulator) -> None:
    patch.setattr(DeletedAccountStore, "mark", lambda *_: None)


def second_release_of_deleted_accounts(patch: Patch, _: Simulator) -> None:
    """A request that began before the deletion places an order after the first release."""
    patch.setattr("orders.account_release.LINGER", -timedelta(days=1))


# Each guard with the first seed that has found its removal; later ones are tried if the steps have changed since.
REMOVALS: Mapping[Removal, int] = {
    capacity_guard: 1,
    state_of_holds: 18,
    state_of_tickets: 34,
    state_of_checked_in_tickets: 8,
    memory_of_payments: 5,
    deadline_of_holds: 0,
    deadline_of_orders: 0,
    end_of_expired_orders: 0,
    reconciliation: 38,
    key_of_refunds: 10,
    key_of_charges: 9,
    key_of_requests: 61,
    emails_within_the_transaction: 12,
    release_of_cancelled_tickets: 1,
    unanswered_is_declined: 34,
    retry_of_refunds: 14,
    key_of_emails: 56,
    offer_of_freed_tickets: 6,
    state_of_reservations: 20,
    order_of_arrival: 15,
    new_key_of_failed_refunds: 14,
    comparison: 186,
    version_of_orders: 79,
    id_of_disputes: 12,
    claims_of_restored_tickets: 360,
    other_disputes_of_a_payment: 79,
    mark_of_deleted_accounts: 27,
    second_release_of_deleted_accounts: 180,
}


@pytest.fixture
def whole(simulated_orders: Simulator) -> Any:
    """The simulator; the validator of the stock is put back afterwards."""
    db = simulated_orders.environment.db
    options = next(found["options"] for found in db.list_collections(filter={"name": "event_stock"}))
    yield simulated_orders
    db.command("collMod", "event_stock", validator=options["validator"])


@pytest.mark.parametrize("remove", REMOVALS, ids=lambda remove: remove.__name__)
def test_control_without_a_guard_some_seed_breaks_an_invariant(
    whole: Simulator, monkeypatch: Patch, remove: Removal, record_property: Callable[[str, object], None]
) -> None:
    remove(monkeypatch, whole)

    for seed in range(REMOVALS[remove], MOST_SEEDS):
        try:
            whole.run(seed)
        except Violation as violation:
            record_property("seeds", seed + 1)
            record_property("found", violation.found)
            return
    pytest.fail(f"no seed of {MOST_SEEDS} finds it")
