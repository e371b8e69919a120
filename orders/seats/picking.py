"""Seats of claims: picked within the claim's transaction, whose write of the tier's stock excludes every other one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.mongo.transactions import Session
from events.seat_store import SeatClaim, SeatStore
from events.seats import Seat, seat_id
from inventory.requests import StaleRequest
from orders.seats.best_available import best_available


@dataclass(frozen=True, kw_only=True)
class SeatRequest:
    """Seats of a numbered tier for the claim `holder`: those with the `labels`, or else the best `quantity` ones."""

    holder: str
    tier_id: str
    quantity: int
    labels: Sequence[str] = ()
    sold: bool = False


@dataclass(frozen=True)
class Seats:
    """Picks, transfers and releases seats. The group commit claims or releases their tickets before."""

    store: SeatStore

    def pick(self, session: Session, requests: Sequence[SeatRequest]) -> list[Sequence[str]]:
        """Give seats to `requests`; return the labels for each, in their order.

        Raises StaleRequest if a named seat is taken; `taken` then names it.
        """
        if not requests:
            return []
        picked = _Picked(self._free(session, requests))
        labels = picked.labels_for(requests)
        claims = [
            SeatClaim(request.tier_id, chosen, request.holder, request.sold)
            for request, chosen in zip(requests, labels, strict=True)
        ]
        if not self.store.claim(session, claims):
            raise StaleRequest
        return labels

    def taken(self, request: SeatRequest) -> list[str]:
        """Return the labels of a request that name no free seat in the majority-committed data."""
        ids = {label: seat_id(request.tier_id, label) for label in request.labels}
        free = self.store.free_committed(ids.values())
        return [label for label, stored_id in ids.items() if stored_id not in free]

    def transfer(self, session: Session, holder: str, claims: Sequence[SeatClaim]) -> None:
        """Give seats of `holder` to other claims; raises StaleRequest if one is not its own."""
        if claims and not self.store.transfer(session, holder, claims):
            raise StaleRequest

    def release(self, session: Session, holders: Sequence[str]) -> None:
        """Free all seats of the claims `holders`."""
        if holders:
            self.store.release(session, holders)

    def _free(self, session: Session, requests: Sequence[SeatRequest]) -> dict[str, list[Seat]]:
        """Return the free seats by tier: all of them, or the first ones if no request needs others."""
        wanted: dict[str, int] = {}
        needs_all: set[str] = set()
        for request in requests:
            wanted[request.tier_id] = wanted.get(request.tier_id, 0) + request.quantity
            if request.labels or request.quantity > 1:
                needs_all.add(request.tier_id)
        free = {}
        for tier_id, count in wanted.items():
            limit = 0 if tier_id in needs_all else count
            free[tier_id] = self.store.first_free(session, tier_id, limit)
        return free


@dataclass(frozen=True)
class _Picked:
    """The free seats by tier while a batch picks among them."""

    free: dict[str, list[Seat]]

    def labels_for(self, requests: Sequence[SeatRequest]) -> list[Sequence[str]]:
        """Return the labels for each request. Named seats are picked first; raises StaleRequest if one is taken."""
        labels: list[Sequence[str]] = [()] * len(requests)
        for is_named in (True, False):
            for number, request in enumerate(requests):
                if bool(request.labels) is is_named:
                    labels[number] = self._pick(request)
        return labels

    def _pick(self, request: SeatRequest) -> Sequence[str]:
        free = self.free[request.tier_id]
        if request.labels:
            chosen = [seat for seat in free if seat.label in request.labels]
        else:
            chosen = best_available(free, request.quantity)
        if len(chosen) < request.quantity:
            raise StaleRequest
        self.free[request.tier_id] = [seat for seat in free if seat not in chosen]
        return [seat.label for seat in chosen]
