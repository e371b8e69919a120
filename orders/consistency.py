"""Consistency check of tickets: recounts tiers, pools, seats and waiting lists, and compares them with the stock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from core.clock import Clock
from core.mongo.client import Client
from events.model import TicketStock, Tier
from orders.claim_count_store import ClaimCounts, ClaimCountStore

Row = tuple[TicketStock, int]


@dataclass(frozen=True)
class FindTicketMismatches:
    """Finds stock rows whose counts are wrong."""

    client: Client
    store: ClaimCountStore
    clock: Clock

    def execute(self) -> list[dict[str, Any]]:
        """Return a row for each tier and pool whose counts differ from one snapshot of all claims.

        A tier on sale with free tickets and somebody who waits is a mismatch too, and so is a seat without its claim.
        """
        with self.client.start_session(snapshot=True) as snapshot:
            counts = self.store.counts(snapshot)
            stock = self.store.stock(snapshot)
            on_sale = self.store.on_sale(snapshot, self.clock())
            seat_mismatches = self.store.seat_mismatches(snapshot)
        mismatches: list[dict[str, Any]] = []
        for event_id, rows in groupby(stock, key=_event_id):
            mismatches += _mismatches_of_event(list(rows), counts, on_sale=event_id in on_sale)
        unknown = (counts.taken.keys() | counts.waiting.keys()) - {row.id for row, _ in stock}
        mismatches += [
            {"tierId": tier_id, "taken": None, "claims": counts.taken.get(tier_id, 0)} for tier_id in unknown
        ]
        return mismatches + [{"tierId": tier_id, "wrongSeats": count} for tier_id, count in seat_mismatches.items()]


def _event_id(row: Row) -> str:
    return row[0].event_id


def _mismatches_of_event(rows: Sequence[Row], counts: ClaimCounts, *, on_sale: bool) -> Iterable[dict[str, Any]]:
    tiers = [row for row, _ in rows if isinstance(row, Tier)]
    pools = [row for row, _ in rows if not isinstance(row, Tier)]
    room = min([pool.remaining for pool in pools], default=sum(tier.remaining for tier in tiers))
    for row, waiting in rows:
        if isinstance(row, Tier):
            stored, recounted = _tier_counts(row, counts)
            if on_sale and waiting and min(row.remaining, room) > 0:
                recounted["free"] = min(row.remaining, room)
        else:
            stored, recounted = _pool_counts(row, waiting, tiers, counts)
        if stored != recounted or row.taken > row.capacity:
            name = "tierId" if isinstance(row, Tier) else "poolId"
            yield {name: row.id, **_differences(stored, recounted), "capacity": row.capacity}


def _tier_counts(tier: Tier, counts: ClaimCounts) -> tuple[dict[str, int], dict[str, int]]:
    stored = {"taken": tier.taken, "held": tier.held, "waiting": tier.waiting}
    recounted = {
        "taken": counts.taken.get(tier.id, 0),
        "held": counts.held.get(tier.id, 0),
        "waiting": counts.waiting.get(tier.id, 0),
    }
    if tier.numbered:
        stored["seats"] = tier.taken
        recounted["seats"] = counts.seats.get(tier.id, 0)
    return stored, recounted


def _pool_counts(
    pool: TicketStock, waiting: int, tiers: Sequence[Tier], counts: ClaimCounts
) -> tuple[dict[str, int], dict[str, int]]:
    stored = {"taken": pool.taken, "held": pool.held, "waiting": waiting}
    recounted = {"taken": 0, "held": 0, "waiting": 0}
    for tier in tiers:
        recounted["taken"] += counts.taken.get(tier.id, 0)
        recounted["held"] += counts.held.get(tier.id, 0)
        recounted["waiting"] += counts.waiting.get(tier.id, 0)
    return stored, recounted


def _differences(stored: dict[str, int], recounted: dict[str, int]) -> dict[str, Any]:
    """Return the stored counts that are wrong, each beside the right one."""
    wrong: dict[str, Any] = {}
    for name, right in recounted.items():
        if stored.get(name) != right:
            wrong[name] = stored.get(name, 0)
            wrong[f"{name}Recounted"] = right
    return wrong
