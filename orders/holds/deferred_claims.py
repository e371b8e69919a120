"""Deferred claims of carts: new tickets under a pool are claimed after the offers to the waiting lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.mongo.transactions import Session
from inventory.admission import shortage_in
from inventory.requests import RowsOfKind, StaleRequest, StockChange, StockRequest
from notifications.outbox.model import OutboxEmail
from orders.holds.model import Hold
from orders.holds.replacement import CartHold
from orders.holds.tickets import HeldTickets
from orders.seats.errors import SeatTaken
from orders.seats.picking import SeatRequest
from orders.stock_refusal import stock_refusal


@dataclass(frozen=True)
class DeferredClaim:
    """Claims the deferred tickets of `request`, and gets its outcome."""

    request: StockChange[CartHold, Hold]


def deferred_claims_of(requests: Iterable[StockRequest[Any]]) -> list[StockChange[DeferredClaim, None]]:
    """Return the deferred claims of the carts among `requests`."""
    changes = [request for request in requests if isinstance(request, StockChange)]
    return [StockChange(DeferredClaim(request), {}) for request in changes if _has_deferred_claims(request.detail)]


def _has_deferred_claims(detail: object) -> bool:
    return isinstance(detail, CartHold) and bool(detail.deferred_claims)


@dataclass(frozen=True)
class DeferredClaimRows(RowsOfKind[OutboxEmail]):
    """The rows of carts with deferred claims."""

    tickets: HeldTickets

    def write(self, session: Session, requests: Sequence[StockChange[DeferredClaim, None]]) -> list[OutboxEmail]:
        """Claim the tickets and the seats, and begin the holds; raises InsufficientStock, SalesClosed or SeatTaken."""
        for request in requests:
            self._claim(session, request.detail.request)
        return []

    def _claim(self, session: Session, request: StockChange[CartHold, Hold]) -> None:
        cart = request.detail
        self._claim_stock(session, cart.deferred_claims)
        retained = cart.retained_seats
        wanted = []
        for seats in cart.seats:
            others = _without(seats, retained.get(seats.tier_id, ()))
            if others.quantity:
                wanted.append(others)
        self._require_seats(session, wanted)
        (request.outcome,) = self.tickets.begin_seated(session, [cart.hold], [wanted])

    def _claim_stock(self, session: Session, claims: Mapping[str, int]) -> None:
        shortage = shortage_in(claims, self.tickets.events.stock_levels(claims, session))
        if shortage:
            raise stock_refusal(shortage)
        if not self.tickets.events.stock.claim(session, claims):
            raise StaleRequest

    def _require_seats(self, session: Session, wanted: Sequence[SeatRequest]) -> None:
        """Refuse seats that an offer of this transaction has got; the committed data has them free."""
        for request in wanted:
            free = {seat.label for seat in self.tickets.seats.store.free_of(session, request.seat_ids)}
            taken = [label for label in request.labels if label not in free]
            if taken:
                raise SeatTaken(extra={"tierId": request.tier_id, "seats": taken})


def _without(request: SeatRequest, retained: Sequence[str]) -> SeatRequest:
    """Return `request` without the seats that the account has."""
    labels = tuple(label for label in request.labels if label not in retained)
    return replace(request, labels=labels, quantity=request.quantity - len(retained))
