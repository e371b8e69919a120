"""Round results, and the names of scenarios and systems in reports and results files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SERVICE = "service"
EXPRESS = "express"
FLASK = "flask"
NO_DATABASE = "service without database"
PYMONGO_INSERTS = "pymongo inserts"
PYMONGO_CURSOR = "pymongo cursor"

MANY_SLOTS = "many-slots"
EVENT_SLOTS = "event-slots"
DISTINCT_CLIENTS = "distinct-clients"
HOT_SLOT = "hot-slot"
SOLD_OUT = "sold-out"
LIST_SLOTS = "list-slots"
FLASH_SALE = "flash-sale"
EVENT_SLOTS_STORED = "event-slots-stored"
CANCEL = "cancel"
STORM = "storm"
SUSTAINED = "sustained"
SIGN_IN = "sign-in"
REGISTER = "register"
REFRESH = "refresh"
ME = "me"
RESERVE_SPREAD = "reserve-spread"
RESERVE_HOT = "reserve-hot"
RESERVE_CANCEL = "reserve-cancel"
EVENTS_LIST = "events-list"
EVENT_DETAIL = "event-detail"
ON_SALE_EVENT = "on-sale-event"
ORDERS = "orders"
ORDERS_MIXED = "orders-mixed"
HOLDS_HOT = "holds-hot"
CHECK_IN = "checkin"
START = "start"
WORKER_PSS = "worker-pss"
WORKER_RSS = "worker-rss"
EXPORT = "export"
EXPORT_MEMORY = "export-memory"
ADMIN_LISTING = "admin-listing"
EMAILS = "emails"

# The scenarios of equal, interleaved rounds with the same load for every system.
WRK_SCENARIOS = (MANY_SLOTS, EVENT_SLOTS, DISTINCT_CLIENTS, HOT_SLOT, SOLD_OUT, LIST_SLOTS)
# The scenarios that the service runs alone, or beside another commit: the peers have no links and send no e-mails.
SERVICE_SCENARIOS = (EVENT_SLOTS_STORED, CANCEL, STORM, SUSTAINED)
# The scenarios of accounts; the Express peer has none.
ACCOUNT_SCENARIOS = (SIGN_IN, REGISTER, REFRESH, ME)
# The scenarios of events, with the same accounts and tokens for every system.
EVENT_SCENARIOS = (RESERVE_SPREAD, RESERVE_HOT, RESERVE_CANCEL, EVENTS_LIST, EVENT_DETAIL, ON_SALE_EVENT)
# The scenarios of holds, orders and tickets, with a payment gateway in a process of its own.
ORDER_SCENARIOS = (ORDERS, ORDERS_MIXED, HOLDS_HOT, CHECK_IN)
INTERLEAVED_SCENARIOS = (
    *WRK_SCENARIOS,
    FLASH_SALE,
    *SERVICE_SCENARIOS,
    *ACCOUNT_SCENARIOS,
    *EVENT_SCENARIOS,
    *ORDER_SCENARIOS,
)
# Measured once, after the rounds; WORKER_PSS and WORKER_RSS belong to it.
SHORT_SCENARIOS = (*INTERLEAVED_SCENARIOS, START)
# The scenarios with a million bookings, and the e-mails. EXPORT_MEMORY is measured with EXPORT.
LONG_SCENARIOS = (EXPORT, ADMIN_LISTING, EMAILS)

UNITS: Mapping[str, str] = {
    MANY_SLOTS: "bookings/s",
    EVENT_SLOTS: "bookings/s",
    DISTINCT_CLIENTS: "bookings/s",
    HOT_SLOT: "bookings/s",
    SOLD_OUT: "refusals/s",
    LIST_SLOTS: "responses/s",
    FLASH_SALE: "seconds",
    EVENT_SLOTS_STORED: "bookings/s",
    CANCEL: "cancels/s",
    STORM: "requests/s",
    SUSTAINED: "bookings/s",
    SIGN_IN: "sign-ins/s",
    REGISTER: "registrations/s",
    REFRESH: "refreshes/s",
    ME: "responses/s",
    RESERVE_SPREAD: "reservations/s",
    RESERVE_HOT: "reservations/s",
    RESERVE_CANCEL: "requests/s",
    EVENTS_LIST: "responses/s",
    EVENT_DETAIL: "responses/s",
    ON_SALE_EVENT: "seconds",
    ORDERS: "orders/s",
    ORDERS_MIXED: "orders/s",
    HOLDS_HOT: "holds/s",
    CHECK_IN: "check-ins/s",
    START: "seconds",
    WORKER_PSS: "MiB",
    WORKER_RSS: "MiB",
    EXPORT: "rows/s",
    EXPORT_MEMORY: "MiB added",
    ADMIN_LISTING: "ms, worst p95",
    EMAILS: "emails/s",
}
# Their value is a time or a size, not a rate.
LOWER_IS_BETTER = frozenset({FLASH_SALE, ON_SALE_EVENT, START, WORKER_PSS, WORKER_RSS, EXPORT_MEMORY, ADMIN_LISTING})


@dataclass(frozen=True)
class RoundResult:
    """One round of a scenario with one system. A round with a `problem` is not counted.

    `value` has the scenario's unit; p50 and p99 are milliseconds; CPU times are milliseconds per answered request. The
    `later` ones are those in which the delivery worker writes the rows of deferred e-mails after the load.
    """

    scenario: str
    system: str
    value: float
    p50: float | None = None
    p99: float | None = None
    service_cpu_ms: float | None = None
    mongod_cpu_ms: float | None = None
    later_cpu_ms: float | None = None
    later_mongod_cpu_ms: float | None = None
    statuses: Mapping[int, int] = field(default_factory=dict)
    unanswered: int = 0
    problem: str = ""
