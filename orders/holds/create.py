"""Creation of a cart's hold through the ticket group commit; it replaces the account's cart in the same transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from core.clock import Clock
from core.concurrency.batcher import PendingRequest
from core.ids import new_id
from core.mongo.transactions import Session
from inventory.errors import InsufficientStock
from inventory.requests import RowsOfKind, StockChange, unanswered
from notifications.outbox.model import OutboxEmail
from orders.holds.cart import PriceCarts
from orders.holds.claims import TicketClaims
from orders.holds.model import CartLine, Hold, HoldKind, HoldState
from orders.holds.store import HoldStore
from orders.holds.tickets import HeldTickets


@dataclass(frozen=True)
class CartHold:
    """Holds the tickets of a cart; `replaced` is the account's cart before, whose tickets are released."""

    hold: Hold
    replaced: Hold | None


Request = StockChange[CartHold, Hold]
Pending = PendingRequest[Request, Hold]


@dataclass(frozen=True)
class CreateHold:
    """Creates the holds of carts."""

    claims: TicketClaims
    price: PriceCarts
    holds: HoldStore
    clock: Clock
    lifetime: timedelta

    def execute(self, account_id: str, wanted: Sequence[CartLine]) -> Hold:
        """Hold all tickets or none. Raises the errors of `PriceCarts` and InsufficientStock with the tier."""
        cart = self.price.execute(wanted)
        now = self.clock()
        hold = Hold(
            id=new_id(now),
            account_id=account_id,
            kind=HoldKind.CART,
            items=cart.items,
            lines=cart.lines,
            created_at=now,
            expires_at=now + self.lifetime,
        )
        request: Request = StockChange(CartHold(hold, None), cart.lines, _identities(hold))
        _expect(request, self.holds.cart_of(account_id))
        try:
            return self.claims.submit(request)
        except InsufficientStock as error:
            replaced = request.detail.replaced
            raise cart.name_tier(error, replaced.lines if replaced else {}) from None


def _identities(hold: Hold) -> frozenset[Hashable]:
    return frozenset((("cart", hold.account_id), ("hold", hold.id)))


def _expect(request: Request, replaced: Hold | None) -> bool:
    """Let `request` replace the account's cart as it is; return whether it expected another one."""
    known = request.detail.replaced
    hold = request.detail.hold
    request.detail = CartHold(hold, replaced)
    request.lines = _net_lines(hold, replaced)
    request.identities = _identities(hold) | (_identities(replaced) if replaced else frozenset())
    return (known and known.id) != (replaced and replaced.id)


def _net_lines(hold: Hold, replaced: Hold | None) -> Mapping[str, int]:
    """Return what `hold` takes beyond the tickets of the cart before it."""
    lines = Counter(hold.lines)
    if replaced:
        lines.subtract(replaced.lines)
    return lines


@dataclass(frozen=True)
class CartHoldRows(RowsOfKind[OutboxEmail]):
    """The rows of new carts."""

    tickets: HeldTickets
    holds: HoldStore

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Exchange the carts; raises StaleRequest or BulkError if an account has another cart than expected."""
        replaced = [request.detail.replaced for request in requests if request.detail.replaced]
        if replaced:
            self.tickets.end(session, replaced, HoldState.RELEASED)
        self.tickets.begin(session, [request.detail.hold for request in requests])
        for request in requests:
            request.outcome = replace(request.detail.hold)
        return []

    def refresh(self, batch: Sequence[Pending]) -> None:
        """Let the requests replace the present carts."""
        self.renew_references([pending.request for pending in batch])

    def answer_duplicates(self, batch: Sequence[Pending]) -> None:
        """Answer the requests that a previous attempt has committed; let the others replace the present carts."""
        for pending in batch:
            hold = self.holds.get_committed(pending.request.detail.hold.id)
            if hold:
                pending.resolve(hold)
        self.refresh(unanswered(batch))

    def renew_references(self, requests: Sequence[Request]) -> bool:
        """Let the requests replace the present carts; return whether one expected another cart."""
        carts = self.holds.carts_of([request.detail.hold.account_id for request in requests])
        changed = [_expect(request, carts.get(request.detail.hold.account_id)) for request in requests]
        return any(changed)
