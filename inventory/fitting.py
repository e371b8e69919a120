"""The largest part of a batch that fits into the stock; claims and releases beyond the counts are refused."""

from __future__ import annotations

from collections.abc import Mapping

from core import log
from core.clock import monotonic
from core.errors import Unavailable
from inventory.admission import Admission, shortage_in
from inventory.errors import StockMismatch
from inventory.requests import Batch, Pending, StockRecords, claimed_lines, released_lines, unanswered
from inventory.stock import Stock, StockLevel

LOG = log.get_logger("inventory")
# Only the operator can correct a count, so a client need not repeat its request soon.
MISMATCH_RETRY_SECONDS = 60
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


def check_counts(group: Batch, stock: Stock, records: StockRecords) -> None:
    """Raise StockMismatch if `group` releases more than its stock counts as taken: no retry can succeed.

    A group of one request gets Unavailable instead, because the operator can correct the count.
    The rows are read after the counts, so that a row that another process releases in between is no mismatch.
    """
    releases = released_lines(pending.request for pending in group)
    if not releases:
        return
    taken = stock.taken_counts(releases)
    records.refresh(group)
    releases = released_lines(pending.request for pending in unanswered(group))
    mismatched = sorted(stock_id for stock_id, count in releases.items() if count > taken.get(stock_id, count))
    if not mismatched:
        return
    if len(group) == 1:  # The requests of a larger group are repeated one by one.
        LOG.error("stock_mismatch", stock=mismatched)
        raise Unavailable(retry_after=MISMATCH_RETRY_SECONDS)
    raise StockMismatch


def _short(batch: Batch, levels: Levels, records: StockRecords) -> list[Pending]:
    """Return the claims that exceed what is left, but for those whose idempotency key is known: they are answered."""
    short = [pending for pending in batch if shortage_in(claimed_lines([pending.request]), levels)]
    # A repeated request that succeeded gets its answer again, though the stock is sold out since.
    records.answer_known_keys(short)
    return short
