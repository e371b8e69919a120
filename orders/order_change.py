"""Changes of orders through the ticket group commit: order, hold, tickets, counts and e-mails in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.concurrency.batcher import PendingRequest
from core.mongo.transactions import Session
from inventory.requests import StockChange
from notifications.outbox.model import OutboxEmail
from orders.errors import OrderChanged
from orders.holds.claims import TicketClaims
from orders.holds.model import Hold, HoldKind
from orders.holds.store import HoldStore
from orders.model import Order
from orders.seats.picking import SeatRequest, seat_identities
from orders.store import OrderStore
from orders.tickets.model import Ticket

# The labels of the seats that a change got, by tier id.
SeatsByTier = Mapping[str, Sequence[str]]
MAX_DECISIONS = 50
# The outcome of an order that needs no payment.
FREE = "free"


@dataclass(frozen=True, kw_only=True)
class OrderChange:
    """The state of an order before and after; `before` is None for a new one.

    `claims` are the counts of stock that it takes, or gives back if negative; `held` those of held tickets. `restores`
    are void tickets that become valid again. `picks` are the seats that it takes; `seated` returns the change with
    those that were picked as the best available.
    """

    before: Order | None
    after: Order
    claims: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)
    uses: Hold | None = None
    reopens: Hold | None = None
    issues: Sequence[Ticket] = ()
    voids: Sequence[Ticket] = ()
    restores: Sequence[Ticket] = ()
    emails: Sequence[OutboxEmail] = ()
    picks: Sequence[SeatRequest] = ()
    seated: Callable[[SeatsByTier], OrderChange] | None = None
    record: Callable[[Session], None] | None = None

    @property
    def identities(self) -> frozenset[Hashable]:
        """Keys of the rows that it writes."""
        keys: set[Hashable] = {("order", self.after.id)}
        if self.before is None and self.after.key:
            keys.add(("key", self.after.key.id))
        for hold in (self.uses, self.reopens):
            if hold:
                keys |= {("hold", hold.id), ("cart", hold.account_id)}
        return frozenset(keys | seat_identities(self.picks))

    @property
    def outcome(self) -> str:
        """The state in which the order ends, `free` for one without a payment; empty if it stays open or as it is.

        It is empty too if the order is as it was before its tickets were void.
        """
        if self.after.is_open or self.restores or (self.before and self.before.state is self.after.state):
            return ""
        if self.before is None:
            return FREE
        return self.after.state.value

    def with_seats(self, labels: SeatsByTier) -> OrderChange:
        """Return the change with the best available seats that it got."""
        if self.seated is None:
            return self
        return self.seated(labels)

    def request(self) -> Request:
        """Return the request of the group commit."""
        lines = {stock_id: self.claims.get(stock_id, 0) for stock_id in self.after.lines}
        return StockChange(self, lines, self.identities)


# The answer is the order after the change; for a new order whose key is known, the first order.
Request = StockChange[OrderChange, Order]
Pending = PendingRequest[Request, Order]


def opposite(lines: Mapping[str, int]) -> dict[str, int]:
    """Return `lines` with the other sign."""
    return {stock_id: -count for stock_id, count in lines.items()}


def changed(order: Order, **fields: object) -> Order:
    """Return the next version of `order`."""
    after = replace(order, version=order.version + 1, **fields)  # type: ignore[arg-type]
    if after.is_open:
        return after
    return replace(after, queued_at=None)


def may_reopen(holds: HoldStore, hold: Hold) -> bool:
    """Return whether a used hold can be active again: an account has one cart, but any number of offers."""
    return hold.kind is not HoldKind.CART or holds.cart_of(hold.account_id) is None


@dataclass(frozen=True)
class ChangeOrder:
    """Changes orders: a decision is made on the present state, and again when another transaction was first."""

    claims: TicketClaims
    orders: OrderStore

    def execute(
        self, order_id: str, decide: Callable[[Order], OrderChange | None], known: Order | None = None
    ) -> Order:
        """Return the order after the change that `decide` returns, or as it is if that is None.

        The first decision is on `known`, the order as the caller has seen it. Raises OrderNotFound, the errors of
        `decide`, and those of `TicketClaims.submit`.
        """
        return self.apply(order_id, decide, known)[0]

    def apply(
        self, order_id: str, decide: Callable[[Order], OrderChange | None], known: Order | None = None
    ) -> tuple[Order, OrderChange | None]:
        """Do the same as `execute`; return the order, and the change if it was made by this call."""
        for _ in range(MAX_DECISIONS):
            order = known or self.orders.get(order_id)
            known = None
            change = decide(order)
            if change is None:
                return order, None
            try:
                return self.claims.submit(change.request()), change
            except OrderChanged:
                continue
        raise OrderChanged
