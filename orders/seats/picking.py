"""Seats of claims: picked within the claim's transaction, whose write of the tier's stock excludes every other one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.mongo.transactions import Session
from events.seat_store import SeatClaim, SeatStore
from events.seats import Seat, seat_id
from inventory.requests import StaleRequest
from orders.seats.best_available import best_available
from orders.seats.errors import SeatTaken


@dataclass(frozen=True, kw_only=True)
class SeatRequest:
    """Seats of a numbered tier for the claim `holder`: those with the `labels`, or else the best `quantity` ones."""

    holder: str
    tier_id: str
    quantity: int
    labels: Sequence[str] = ()
    sold: bool = False

    @property
    def seat_ids(self) -> list[str]:
        """The ids of the named seats."""
        return [seat_id(self.tier_id, label) for label in self.labels]


class NumberedItem(Protocol):
    """Tickets of a numbered tier; `seats` are the labels of those that are chosen by seat."""

    @property
    def tier_id(self) -> str:
        """The tier."""

    @property
    def quantity(self) -> int:
        """Number of tickets."""

    @property
    def seats(self) -> Sequence[str]:
        """The labels."""


class SeatHolder(Protocol):
    """A claim that has seats."""

    @property
    def id(self) -> str:
        """The id under which it has them."""


@dataclass(frozen=True)
class Seats:
    """Picks, transfers and releases seats. The group commit claims or releases their tickets before."""

    store: SeatStore

    def pick(self, session: Session, requests: Sequence[SeatRequest]) -> list[Sequence[str]]:
        """Give seats to `requests`; return the labels for each, in their order.

        Raises StaleRequest if a named seat is taken; `refusal_of` then names it.
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

    def pick_for(self, session: Session, claims: Sequence[Sequence[SeatRequest]]) -> list[dict[str, Sequence[str]]]:
        """Give seats to claims of several tiers; return the best available ones of each by tier id. See `pick`."""
        labels = iter(self.pick(session, [request for requests in claims for request in requests]))
        found: list[dict[str, Sequence[str]]] = []
        for requests in claims:
            best: dict[str, Sequence[str]] = {}
            for request in requests:
                chosen = next(labels)
                if not request.labels:
                    best[request.tier_id] = chosen
            found.append(best)
        return found

    def unknown(self, requests: Sequence[SeatRequest]) -> list[str]:
        """Return the named labels that no seat of their tier has."""
        known = self._holders(requests)
        missing: list[str] = []
        for request in requests:
            ids = zip(request.labels, request.seat_ids, strict=True)
            missing += [label for label, stored_id in ids if stored_id not in known]
        return missing

    def refusal_of(self, requests: Sequence[SeatRequest], own: SeatHolder | None = None) -> SeatTaken | None:
        """Return the refusal of the first tier with named seats that others than `own` have, or None."""
        available = {""}
        if own:
            available.add(own.id)
        holders = self._holders(requests)
        for request in requests:
            ids = zip(request.labels, request.seat_ids, strict=True)
            taken = [label for label, stored_id in ids if holders.get(stored_id) not in available]
            if taken:
                return SeatTaken(extra={"tierId": request.tier_id, "seats": taken})
        return None

    def transfer(self, session: Session, holder: str, claims: Sequence[SeatClaim]) -> None:
        """Give seats of `holder` to other claims; raises StaleRequest if one is not its own."""
        if claims and not self.store.transfer(session, holder, claims):
            raise StaleRequest

    def release(self, session: Session, holders: Sequence[str]) -> None:
        """Free all seats of the claims `holders`."""
        if holders:
            self.store.release(session, holders)

    def _holders(self, requests: Sequence[SeatRequest]) -> dict[str, str]:
        ids = _named_ids(requests)
        if not ids:
            return {}
        return self.store.holders_committed(ids)

    def _free(self, session: Session, requests: Sequence[SeatRequest]) -> dict[str, list[Seat]]:
        """Return the free seats by tier from which the requests can be picked."""
        by_tier: dict[str, list[SeatRequest]] = {}
        for request in requests:
            by_tier.setdefault(request.tier_id, []).append(request)
        return {tier_id: self._free_for(session, tier_id, wanted) for tier_id, wanted in by_tier.items()}

    def _free_for(self, session: Session, tier_id: str, wanted: Sequence[SeatRequest]) -> list[Seat]:
        """Return the named seats if there are no others to pick, the first ones for single seats, else all."""
        if all(request.labels for request in wanted):
            return self.store.free_of(session, _named_ids(wanted))
        if all(request.quantity == 1 and not request.labels for request in wanted):
            return self.store.first_free(session, tier_id, len(wanted))
        return self.store.first_free(session, tier_id, 0)


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


def seat_request(item: NumberedItem, holder: str, *, sold: bool) -> SeatRequest:
    """Return the request for the seats of an item."""
    return SeatRequest(holder=holder, tier_id=item.tier_id, quantity=item.quantity, labels=tuple(item.seats), sold=sold)


def seat_identities(requests: Sequence[SeatRequest]) -> set[Hashable]:
    """Return the keys of the named seats: two requests for one seat cannot share a transaction."""
    return {("seat", stored_id) for stored_id in _named_ids(requests)}


def _named_ids(requests: Sequence[SeatRequest]) -> list[str]:
    ids: list[str] = []
    for request in requests:
        ids += request.seat_ids
    return ids
