"""The largest part of a batch that fits into the stock; claims that exceed what is left are refused."""

from __future__ import annotations

from collections.abc import Mapping

from core.clock import monotonic
from inventory.admission import Admission, shortage_in
from inventory.requests import Batch, Pending, StockRecords, claimed_lines
from inventory.stock import StockLevel

Levels = Mapping[str, StockLevel]


def largest_fitting(batch: Batch, records: StockRecords, admission: Admission) -> list[Pending]:
    """Return the largest part of `batch` that fits, in order of arrival.

    A claim that exceeds what is left is refused. One that only comes after the last unit has no answer yet, because
    those before it may turn out to be duplicates.
    """
    seen_at = monotonic()
    wanted = claimed_lines(pending.request for pending in batch)
    levels = records.stock_levels({stock_id for pending in batch for stock_id in pending.request.lines})
    admission.update_nearly_full(levels, wanted)
    for pending in _short(batch, levels, records):
        shortage = shortage_in(claimed_lines([pending.request]), levels)
        if shortage:
            admission.record_shortage(shortage, seen_at)
            pending.reject(records.refusal(shortage))
    return fitting_part(batch, levels)


def fitting_part(batch: Batch, levels: Levels) -> list[Pending]:
    """Return the requests without an answer whose claims all fit into what those before them leave.

    What the batch itself releases does not count: it may belong to a queue of the stock.
    """
    left = {stock_id: level.remaining for stock_id, level in levels.items()}
    fitting = []
    for pending in batch:
        claims = claimed_lines([pending.request])
        if not pending.done and all(left[stock_id] >= count for stock_id, count in claims.items()):
            fitting.append(pending)
            for stock_id, count in claims.items():
                left[stock_id] -= count
    return fitting


def _short(batch: Batch, levels: Levels, records: StockRecords) -> list[Pending]:
    """Return the claims that exceed what is left, but for those whose idempotency key is known: they are answered."""
    short = [pending for pending in batch if shortage_in(claimed_lines([pending.request]), levels)]
    # A repeated request that succeeded gets its answer again, though the stock is sold out since.
    records.answer_known_keys(short)
    return short
