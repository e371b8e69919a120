"""Group commit: pending claims share one transaction, up to what is left of each stock.

The first claim starts a transaction at once; later ones, for any stock, share the next. If the guard fails for the
batch, the largest part that fits is committed in order of arrival. Duplicates and known keys are answered separately.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Generic

from core.clock import monotonic
from core.concurrency.batcher import Batcher, PendingRequest, PendingRequests
from core.errors import OutcomeUnknown, Unavailable
from core.mongo.client import Client
from core.mongo.failures import DUPLICATE_KEY, BulkError, DatabaseError, DuplicateKey, WriteContention
from core.mongo.transactions import Session, transaction
from inventory.admission import Admission, shortage_in
from inventory.claims import (
    C,
    ClaimRecords,
    R,
    largest_fitting,
    split_duplicates,
    split_for_isolation,
    stock_ids,
    total_lines,
)
from inventory.stock import Stock, StockLevel

MAX_BATCH = 256
# How long a batch retries stock that another transaction locks before it is isolated, and how long an isolated
# part then retries.
BATCH_TIMEOUT = 0.5
ISOLATED_TIMEOUT = 0.25
# Pauses before the next try: a row in the way is not majority-committed yet; the same for the stock itself.
DUPLICATE_PAUSE = 0.05
SHORTAGE_PAUSE = 0.005


@dataclass(frozen=True)
class Limits:
    """Bounds of group commit: seconds of one transaction, claims that wait, and the message when time is over."""

    transaction_timeout: float = 8.0
    max_queue: int = 4096
    too_busy: str = "The service is too busy. Nothing was claimed; please try again."


@dataclass
class GroupCommit(Generic[C, R]):
    """Claims of stock, committed in batches; one transaction at a time in each process."""

    client: Client
    stock: Stock
    records: ClaimRecords[C, R]
    limits: Limits = Limits()
    admission: Admission = field(default_factory=Admission)

    def __post_init__(self) -> None:
        max_queue = self.limits.max_queue
        self._batcher: Batcher[C, R] = Batcher(self._process_batch, max_queue=max_queue, max_batch=max_queue)

    def submit(self, claim: C) -> R:
        """Return the answer to a committed claim, or the earlier answer to its idempotency key.

        Raises the refusals of the records, Unavailable (surely not committed) or OutcomeUnknown (perhaps committed).
        """
        if not claim.is_keyed:
            shortage = self.admission.cached_shortage(claim.lines)
            if shortage:
                raise self.records.refusal(shortage)
        return self._batcher.submit(claim)

    def invalidate_sold_out(self, stock_id: str) -> None:
        """Ask the database about `stock_id` next time: some of it may have been released."""
        self.admission.invalidate(stock_id)
        self.records.after_release()

    def replay(self, claim: C) -> R | None:
        """Return the earlier answer to the idempotency key of `claim`, or None; raises IdempotencyKeyReused."""
        pending: PendingRequest[C, R] = PendingRequest(claim)
        self.records.answer_known_keys([pending])
        return pending.result() if pending.done else None

    def _process_batch(self, batch: PendingRequests[C, R]) -> None:
        """Answer a batch; requests left without an answer come first in the next one.

        Claims of contended stock, or possibly committed ones, run in isolation with a short timeout. Duplicates in the
        batch get the first one's result.
        """
        batch = _drop_expired(batch, self.limits.too_busy)
        together = [pending for pending in batch if not self._is_isolated(pending.request)]
        group, duplicates = split_duplicates(together[:MAX_BATCH])
        self._commit(group, BATCH_TIMEOUT)
        # Asked again, because the commit may have found contention.
        isolated = [pending for pending in batch if self._is_isolated(pending.request)]
        self._commit_isolated(split_duplicates(isolated)[0])
        if duplicates:
            try:
                self.records.answer_duplicates(duplicates)
            except Exception as error:  # boundary: an error is the answer of these requests alone
                _reject(duplicates, error)

    def _is_isolated(self, claim: C) -> bool:
        return claim.may_be_committed or self.admission.is_contended(claim.lines)

    def _commit_isolated(self, isolated: PendingRequests[C, R]) -> None:
        """Commit claims of the same stock together; a possibly committed one runs alone."""
        end = monotonic() + BATCH_TIMEOUT
        parts = split_for_isolation(isolated)
        for group in sorted(parts, key=lambda part: self.admission.last_attempt(stock_ids(part[0]))):
            if monotonic() > end:
                return
            self.admission.record_attempt(stock_ids(group[0]))
            self._commit(group[:MAX_BATCH], ISOLATED_TIMEOUT)

    def _commit(self, group: PendingRequests[C, R], contention_timeout: float) -> None:
        """Answer `group`; claims of stock that stays locked for `contention_timeout` seconds get no answer yet."""
        try:
            self._commit_fitting(group, contention_timeout)
        except WriteContention:
            locked = {stock_ids(pending) for pending in group}
            if len(locked) == 1:
                self.admission.quarantine(locked.pop())
            else:
                self._commit_isolated([pending for pending in group if not pending.done])
        except Exception as error:  # boundary: an error is the answer of this group alone
            _reject(group, error)

    def _commit_fitting(self, group: PendingRequests[C, R], contention_timeout: float) -> None:
        end = monotonic() + contention_timeout
        if any(self.admission.is_nearly_full(pending.request.lines) for pending in group):
            group = self._largest_fitting(group)
        while group := _drop_expired(group, self.limits.too_busy):
            try:
                transaction(
                    self.client, partial(self._write, group), self.limits.transaction_timeout, contention_timeout
                )
            except _GuardFailed:
                fitting = self._largest_fitting(group)
                if len(fitting) == len(group):  # The stock is taken by claims that a fail-over may still undo.
                    if monotonic() > end:
                        raise WriteContention(retry_after=2) from None
                    time.sleep(SHORTAGE_PAUSE)
                group = fitting
            except (BulkError, DuplicateKey) as error:
                if not _is_duplicate(error):
                    raise
                group = _drop_duplicates(self.records, group)
            else:
                self._answer_committed(group)
                return

    def _write(self, group: PendingRequests[C, R], session: Session) -> None:
        claims = [pending.request for pending in group]
        if not self.stock.claim(session, total_lines(claims)):
            raise _GuardFailed
        self.records.insert(session, claims)

    def _answer_committed(self, group: PendingRequests[C, R]) -> None:
        for pending in group:
            pending.resolve(self.records.result(pending.request))
            self.admission.end_quarantine(pending.request.lines)
        self.records.after_commit()

    def _largest_fitting(self, group: PendingRequests[C, R]) -> list[PendingRequest[C, R]]:
        """Return the largest part of `group` that fits, in order of arrival.

        A claim that exceeds what is left is refused. One that only comes after the last unit has no answer yet,
        because those before it may turn out to be duplicates.
        """
        seen_at = monotonic()
        wanted = total_lines(pending.request for pending in group)
        levels = self.records.stock_levels(wanted)
        self.admission.update_nearly_full(levels, wanted)
        self._refuse_short(group, levels, seen_at)
        return largest_fitting(group, levels)

    def _refuse_short(self, group: PendingRequests[C, R], levels: Mapping[str, StockLevel], seen_at: float) -> None:
        short = [pending for pending in group if shortage_in(pending.request.lines, levels)]
        # A repeated request that succeeded gets its answer again, though the stock is sold out since.
        self.records.answer_known_keys(short)
        for pending in short:
            shortage = shortage_in(pending.request.lines, levels)
            if shortage:
                self.admission.record_shortage(shortage, seen_at)
                pending.reject(self.records.refusal(shortage))


class _GuardFailed(Exception):
    """Some stock has less left than the batch wants."""


def _drop_duplicates(records: ClaimRecords[C, R], group: PendingRequests[C, R]) -> list[PendingRequest[C, R]]:
    """Answer the duplicates in `group`; return the others.

    If there are none, the conflicting row is not majority-committed yet. Then each claim is isolated.
    """
    records.answer_duplicates(group)
    left = [pending for pending in group if not pending.done]
    if len(left) < len(group) or records.renew_references([pending.request for pending in left]):
        return left
    for pending in left:
        pending.request.may_be_committed = True
    time.sleep(DUPLICATE_PAUSE if len(left) == 1 else 0)
    return []


def _drop_expired(group: PendingRequests[C, R], message: str) -> list[PendingRequest[C, R]]:
    """Refuse the claims whose deadline has passed; return those without an answer."""
    for pending in group:
        if pending.request.deadline <= monotonic():
            _reject([pending], Unavailable(message, retry_after=2))
    return [pending for pending in group if not pending.done]


def _reject(group: PendingRequests[C, R], error: Exception) -> None:
    for pending in group:
        is_unknown = pending.request.may_be_committed and isinstance(error, DatabaseError | Unavailable)
        pending.reject(OutcomeUnknown(retry_after=2) if is_unknown else error)


def _is_duplicate(error: BulkError | DuplicateKey) -> bool:
    if isinstance(error, DuplicateKey):
        return True
    return any(problem.get("code") == DUPLICATE_KEY for problem in error.details.get("writeErrors", []))
