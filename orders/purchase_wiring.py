"""Object graph of purchases: checkout, payments, refunds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from accounts.service import Accounts
from audit.service import Audit
from core.clock import Clock
from core.config.payment_provider import SIMULATED
from core.config.settings import Settings
from core.mongo.client import Client, Db
from core.scheduler import PeriodicTask
from events.seat_store import SeatStore
from inventory.group_commit import GroupCommit
from notifications.outbox.service import Outbox
from orders.analytics import AnalyseSales
from orders.analytics_store import AnalyticsStore
from orders.anonymisation import AnonymiseOrders
from orders.buyer_store import BuyerStore
from orders.cancellation import CancelOrder, RefundTickets, Releases, WithdrawTickets
from orders.checkout import CheckoutTimes, PlaceOrder
from orders.deadline_expiry import EXPIRY_INTERVAL
from orders.disputes import DisputedOrders, WithdrawDisputed
from orders.documents import OrderDocuments
from orders.event_cache import EventCache
from orders.expiry import ExpireOrders
from orders.flag_clearing import ClearPaymentFlag
from orders.group_commit import TicketRows
from orders.holds.cart import PriceCarts
from orders.holds.claims import TicketClaims
from orders.holds.store import HoldStore
from orders.listing import ListOrders
from orders.order_audit import FindOrderMismatches
from orders.order_audit_store import OrderAuditStore
from orders.order_change import ChangeOrder, OrderChange
from orders.order_change_rows import OrderChangeRows
from orders.order_seats import OrderSeats
from orders.payment import PayOrder
from orders.payment_comparison import ComparePayments
from orders.payment_confirmation import ConfirmPayment
from orders.payment_order_store import PaymentOrders
from orders.payment_queue import PaymentQueue
from orders.payment_reports import ApplyReports
from orders.payment_settlement import SettlePayment
from orders.payments.event_store import PaymentEvents
from orders.payments.provider import Provider, build_provider, simulated_events
from orders.payments.simulated_store import SimulatedPayments
from orders.payments.simulated_webhooks import DeliverSimulatedWebhooks
from orders.payments.webhook import PaymentWebhook
from orders.purchase_emails import OrderEmails
from orders.queued_payments import PayQueued
from orders.reconciliation import ReconcilePayments
from orders.refunds import ExecuteRefunds
from orders.sales import OrderSales
from orders.seats.picking import Seats
from orders.store import OrderStore
from orders.tickets.checkin import CheckIn
from orders.tickets.listing import ListTickets
from orders.tickets.store import TicketStore
from orders.tickets.transfer import TransferTicket
from orders.won_disputes import RestoreDisputed

REFUND_INTERVAL = 5.0
# Of the simulated provider.
WEBHOOK_INTERVAL = 1.0


@dataclass(frozen=True)
class Foundation:
    """What purchases are built on; `timezone` is that of the pages."""

    settings: Settings
    client: Client
    db: Db
    clock: Clock
    cache: EventCache
    outbox: Outbox
    audit: Audit
    accounts: Accounts
    timezone: str


@dataclass(frozen=True)
class PurchaseServices:
    """The use cases of purchases."""

    change: ChangeOrder
    place: PlaceOrder
    confirm: ConfirmPayment
    listing: ListOrders
    expire: ExpireOrders
    webhook: PaymentWebhook
    simulated_webhooks: DeliverSimulatedWebhooks
    queue: PaymentQueue
    pay_queued: PayQueued
    reconcile: ReconcilePayments
    refunds: ExecuteRefunds
    clear_flag: ClearPaymentFlag
    cancel: CancelOrder
    refund_tickets: RefundTickets
    list_tickets: ListTickets
    transfer: TransferTicket
    check_in: CheckIn
    sales: OrderSales
    anonymise: AnonymiseOrders
    find_mismatches: FindOrderMismatches
    documents: OrderDocuments
    analyse: AnalyseSales


def build_rows(base: Foundation) -> dict[type, TicketRows]:
    """Return the rows of the changes of orders."""
    stores = (OrderStore(base.db), HoldStore(base.db), TicketStore(base.db))
    seats = OrderSeats(Seats(SeatStore(base.db)))
    return {OrderChange: OrderChangeRows(*stores, base.cache.events.store, seats)}


def build_expiry(base: Foundation, group_commit: GroupCommit) -> ExpireOrders:
    """Return the expiry of unpaid orders, which all claims of tickets ask."""
    return ExpireOrders(group_commit, OrderStore(base.db), base.clock)


def build(base: Foundation, claims: TicketClaims, expire: ExpireOrders) -> PurchaseServices:
    """Return the use cases of purchases."""
    orders = OrderStore(base.db)
    payments = PaymentOrders(base.db)
    emails = OrderEmails(base.cache, base.clock, base.settings.public_url)
    change = ChangeOrder(claims, orders)
    settle = SettlePayment(change, HoldStore(base.db), emails, base.clock)
    provider = build_provider(base.settings, base.db, base.clock)
    queue = PaymentQueue(change, payments, provider.throttle, base.clock)
    pay = _pay(base, settle, provider, queue)
    refunds = ExecuteRefunds(change, provider.gateway, base.clock)
    tickets = TicketStore(base.db)
    releases = Releases(tickets, base.cache, emails, base.clock)
    reports = _reports(base, DisputedOrders(settle, payments, provider.gateway), releases)
    webhook = _webhook(base, provider, reports)
    listing = ListOrders(orders, tickets, base.cache)
    return PurchaseServices(
        change=change,
        place=_place(base, pay, emails),
        confirm=ConfirmPayment(listing, settle, provider.gateway, queue, base.clock),
        listing=listing,
        documents=OrderDocuments(listing, tickets, emails, base.cache, base.timezone),
        expire=expire,
        webhook=webhook,
        simulated_webhooks=_simulated_webhooks(base, webhook),
        queue=queue,
        pay_queued=PayQueued(pay),
        reconcile=_reconcile(base, pay, reports),
        refunds=refunds,
        clear_flag=ClearPaymentFlag(change, base.audit),
        cancel=CancelOrder(change, releases, refunds, base.audit),
        refund_tickets=RefundTickets(change, releases, refunds, base.audit),
        list_tickets=ListTickets(tickets, base.cache),
        transfer=TransferTicket(base.client, tickets, base.accounts, base.outbox, emails, base.clock),
        check_in=CheckIn(base.client, tickets, base.audit, base.clock),
        anonymise=AnonymiseOrders(orders, tickets, base.outbox, base.cache.events.store.get_many, base.clock),
        find_mismatches=FindOrderMismatches(OrderAuditStore(base.client, base.db)),
        analyse=AnalyseSales(AnalyticsStore(base.db)),
        sales=OrderSales(BuyerStore(base.db), WithdrawTickets(change, releases, refunds)),
    )


def _place(base: Foundation, pay: PayOrder, emails: OrderEmails) -> PlaceOrder:
    times = CheckoutTimes(timedelta(seconds=base.settings.order_hold_seconds), pay.timeout)
    return PlaceOrder(pay.change, _prices(base), pay.settle.holds, pay, emails, times, base.clock)


def _pay(base: Foundation, settle: SettlePayment, provider: Provider, queue: PaymentQueue) -> PayOrder:
    timeout = timedelta(seconds=base.settings.payment_timeout_seconds)
    return PayOrder(settle.change, settle, provider.gateway, queue, base.clock, timeout)


def _reports(base: Foundation, disputed: DisputedOrders, releases: Releases) -> ApplyReports:
    withdraw = WithdrawDisputed(disputed, releases, base.audit)
    return ApplyReports(disputed.settle, withdraw, RestoreDisputed(disputed, releases, base.audit))


def _webhook(base: Foundation, provider: Provider, reports: ApplyReports) -> PaymentWebhook:
    return PaymentWebhook(provider.events, provider.to_minor, PaymentEvents(base.db), reports.execute, base.clock)


def _reconcile(base: Foundation, pay: PayOrder, reports: ApplyReports) -> ReconcilePayments:
    compare = ComparePayments(PaymentOrders(base.db), pay.gateway, reports, PaymentEvents(base.db), base.clock)
    return ReconcilePayments(pay.change.orders, pay, compare, base.clock)


def periodic_tasks(services: PurchaseServices, clock: Clock) -> tuple[PeriodicTask, ...]:
    """Return the tasks of purchases; expired orders end also while the process with the lease is dead."""
    orders = services.change.orders
    # Without a rate nothing queues, but orders may queue from before.
    of_provider = [PeriodicTask("queued_payments", services.pay_queued.start)]
    if services.queue.throttle:
        of_provider = [PeriodicTask("queued_payments", services.pay_queued.start, EXPIRY_INTERVAL, needs_lease=False)]
    if services.place.pay.gateway.name == SIMULATED:
        webhooks = services.simulated_webhooks.execute
        of_provider.append(PeriodicTask("simulated_webhooks", webhooks, WEBHOOK_INTERVAL))
    return (
        *of_provider,
        PeriodicTask("expired_orders", services.expire.execute_due, EXPIRY_INTERVAL),
        PeriodicTask("overdue_orders", services.expire.execute_overdue, EXPIRY_INTERVAL, needs_lease=False),
        PeriodicTask("refunds", services.refunds.execute, REFUND_INTERVAL),
        PeriodicTask("payments", services.reconcile.execute),
        PeriodicTask("order_keys", lambda: orders.forget_keys(clock())),
    )


def _simulated_webhooks(base: Foundation, webhook: PaymentWebhook) -> DeliverSimulatedWebhooks:
    events = simulated_events(base.settings, base.clock)
    return DeliverSimulatedWebhooks(SimulatedPayments(base.db), webhook, events, base.clock)


def _prices(base: Foundation) -> PriceCarts:
    return PriceCarts(base.cache, Seats(SeatStore(base.db)))
