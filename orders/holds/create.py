"""Creation of a cart's hold through the ticket group commit; it replaces the account's cart in the same transaction."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from core.clock import Clock
from core.concurrency.batcher import PendingRequest
from core.ids import new_id
from core.mongo.transactions import Session
from events.errors import SalesClosed
from events.seat_store import SeatClaim
from inventory.errors import InsufficientStock
from inventory.requests import RowsOfKind, StockChange, unanswered
from notifications.outbox.model import OutboxEmail
from orders.holds.cart import PriceCarts, PricedCart
from orders.holds.claims import TicketClaims
from orders.holds.model import CartLine, Hold, HoldKind, HoldState
from orders.holds.replacement import CartHold
from orders.holds.store import HoldStore
from orders.holds.tickets import HeldTickets
from orders.seats.picking import seat_identities

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
        """Hold all tickets or none.

        Raises the errors of `PriceCarts`, SeatTaken, and InsufficientStock with the tier.
        """
        try:
            return self._hold(account_id, self.price.execute(wanted))
        except SalesClosed:
            # The cached event may be from before a change.
            return self._hold(account_id, self.price.execute_uncached(wanted))

    def _hold(self, account_id: str, cart: PricedCart) -> Hold:
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
        request: Request = StockChange(CartHold(cart, hold), cart.lines)
        _expect(request, self.holds.cart_of(account_id))
        try:
            return self.claims.submit(request)
        except InsufficientStock as error:
            raise self.price.refusal_of(cart, error, request.detail.replaced) from None


def _identities(hold: Hold) -> frozenset[Hashable]:
    return frozenset((("cart", hold.account_id), ("hold", hold.id)))


def _expect(request: Request, replaced: Hold | None) -> bool:
    """Let `request` replace the account's cart as it is; return whether it expected another one."""
    known = request.detail.replaced
    detail = replace(request.detail, replaced=replaced)
    request.detail = detail
    request.lines = detail.lines
    identities = _identities(detail.hold) | seat_identities(detail.seats)
    if replaced:
        identities |= _identities(replaced)
    request.identities = identities
    return (known and known.id) != (replaced and replaced.id)


@dataclass(frozen=True)
class CartHoldRows(RowsOfKind[OutboxEmail]):
    """The rows of new carts."""

    tickets: HeldTickets
    holds: HoldStore

    def write(self, session: Session, requests: Sequence[Request]) -> list[OutboxEmail]:
        """Exchange the carts; raises StaleRequest or BulkError if a seat or an account's cart is not as expected.

        A cart with deferred claims begins after the offers to the waiting list, see `DeferredClaimRows`.
        """
        for request in requests:
            self._retain_seats(session, request.detail)
        replaced = [request.detail.replaced for request in requests if request.detail.replaced]
        if replaced:
            self.tickets.end(session, replaced, HoldState.RELEASED)
        at_once = [request for request in requests if not request.detail.deferred_claims]
        holds = [request.detail.hold for request in at_once]
        begun = self.tickets.begin_seated(session, holds, [request.detail.seats for request in at_once])
        for request, hold in zip(at_once, begun, strict=True):
            request.outcome = hold
        return []

    def refresh(self, batch: Sequence[Pending]) -> None:
        """Let the requests replace the present carts; refuse those whose seats are taken."""
        self.renew_references([pending.request for pending in batch])
        for pending in batch:
            detail = pending.request.detail
            taken = self.tickets.seats.refusal_of(detail.seats, detail.replaced)
            if taken:
                pending.reject(taken)

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

    def _retain_seats(self, session: Session, cart: CartHold) -> None:
        """Give the seats that the account has already to a cart with deferred claims, before they are offered."""
        if not cart.deferred_claims or cart.replaced is None:
            return
        retained = cart.retained_seats.items()
        claims = [SeatClaim(tier_id, labels, cart.hold.id, sold=False) for tier_id, labels in retained]
        self.tickets.seats.transfer(session, cart.replaced.id, claims)
