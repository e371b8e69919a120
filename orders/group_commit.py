"""Group commit over the tickets of events: one transaction writes the rows of all kinds of requests of a batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from core import metrics
from core.errors import DomainError
from core.mongo.transactions import Session
from events.errors import SalesClosed
from events.model import TicketStock
from events.pool_store import EventPools
from inventory.admission import Shortage
from inventory.records import RecordsByKind
from inventory.requests import RowsOfKind, StockChange, StockRequest
from notifications.outbox.model import OutboxEmail
from notifications.outbox.service import Outbox
from orders.event_cache import EventCache
from orders.holds.deferred_claims import deferred_claims_of
from orders.offers.offering import offering_of
from orders.order_change import OrderChange
from orders.stock_refusal import stock_refusal

TicketRows = RowsOfKind[OutboxEmail]


class TicketRecords(RecordsByKind[OutboxEmail]):
    """The rows of all requests for tickets, by the type of a request or of its detail."""

    def __init__(self, cache: EventCache, pools: EventPools, outbox: Outbox, rows: Mapping[type, TicketRows]) -> None:
        super().__init__(rows, _kind, outbox.enqueue)
        self._cache = cache
        self._pools = pools
        self._events = cache.events.store
        self._outbox = outbox

    def write(self, session: Session, requests: Sequence[StockRequest[Any]]) -> None:
        """Write the rows; raises SalesClosed if a claim leaves out its event's pool, which came after it was priced."""
        if self._pools.are_left_out(session, map(_claimed, requests)):
            raise SalesClosed
        super().write(session, requests)

    def _following(self, requests: Sequence[StockRequest[Any]]) -> Iterable[StockRequest[Any]]:
        """Return the offers to the waiting lists of what is released or added, and then the deferred claims."""
        freed = freed_stock(requests)
        if not freed:
            return []
        return [offering_of(sorted(freed)), *deferred_claims_of(requests)]

    def stock_levels(self, stock_ids: Iterable[str]) -> Mapping[str, TicketStock]:
        """Return the majority-committed tiers and pools by id."""
        return self._events.stock_levels(stock_ids)

    def refusal(self, shortage: Shortage) -> DomainError:
        """See `stock_refusal`."""
        return stock_refusal(shortage)

    def after_commit(self, requests: Sequence[StockRequest[Any]]) -> None:
        """Bring the cached events up to date, count the orders that have ended, and wake the delivery worker."""
        self._cache.invalidate_changed(freed_stock(requests))
        for request in requests:
            if isinstance(request, StockChange) and isinstance(request.detail, OrderChange) and request.detail.outcome:
                metrics.ORDERS.labels(request.detail.outcome).inc()
        self._outbox.wake_worker()


def freed_stock(requests: Iterable[StockRequest[Any]]) -> set[str]:
    """Return the ids of the stock of which more may be left than before: tickets were released, or it was edited.

    A change of an order that releases nothing writes other counts of its stock only.
    """
    freed: set[str] = set()
    for request in requests:
        is_order = _kind(request) is OrderChange
        for stock_id, count in request.lines.items():
            if count < 0 or (count == 0 and not is_order):
                freed.add(stock_id)
    return freed


def _claimed(request: StockRequest[Any]) -> Collection[str]:
    """Return the ids of the stock of a claim; nothing for a request that claims none."""
    return request.lines.keys() if max(request.lines.values(), default=0) > 0 else ()


def _kind(request: StockRequest[Any]) -> type:
    if isinstance(request, StockChange):
        return type(request.detail)
    return type(request)
