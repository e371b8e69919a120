"""Group commit: pending requests share one transaction of claims and releases, up to what is left of each stock.

The first request starts a transaction at once; later ones, for any stock, share the next. If the guard fails for the
batch, the largest part that fits is committed in order of arrival. Duplicates and known keys are answered separately.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

from core.clock import monotonic
from core.concurrency.advisory_lock import AdvisoryLock
from core.concurrency.batcher import Batcher, PendingRequest
from core.errors import DomainError, OutcomeUnknown, Unavailable
from core.mongo.client import Client
from core.mongo.failures import DUPLICATE_KEY, BulkError, DatabaseError, DuplicateKey, WriteContention, is_unavailable
from core.mongo.transactions import Contention, Session, transaction
from inventory.admission import Admission
from inventory.fitting import check_counts, largest_fitting
from inventory.requests import (
    Batch,
    Pending,
    StaleRequest,
    StockRecords,
    StockRequest,
    claimed_lines,
    released_lines,
    split_duplicates,
    split_for_isolation,
    stock_ids,
    unanswered,
)
from inventory.stock import Stock

T = TypeVar("T")

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
    """Bounds of group commit: seconds of one transaction, and requests that wait."""

    transaction_timeout: float = 8.0
    max_queue: int = 4096


@dataclass
class GroupCommit:
    """Claims and releases of stock, committed in batches; one transaction at a time in each process."""

    client: Client
    stock: Stock
    records: StockRecords
    limits: Limits = Limits()
    admission: Admission = field(default_factory=Admission)
    # Set where several workers of a host write to the same stock.
    worker_lock: AdvisoryLock | None = None

    def __post_init__(self) -> None:
        max_queue = self.limits.max_queue
        self._batcher: Batcher[StockRequest[Any], Any] = Batcher(
            self._process_batch, max_queue=max_queue, max_batch=max_queue
        )

    def submit(self, request: StockRequest[T]) -> T:
        """Return the answer to a committed request, or the earlier answer to its idempotency key.

        Raises the refusals of the records, Unavailable (surely not committed) or OutcomeUnknown (perhaps committed).
        """
        if not request.is_keyed:
            shortage = self.admission.cached_shortage(request.lines)
            if shortage:
                raise self.records.refusal(shortage)
        return cast("T", self._batcher.submit(request))

    def replay(self, request: StockRequest[T]) -> T | None:
        """Return the earlier answer to the idempotency key of `request`, or None; raises IdempotencyKeyReused."""
        pending: Pending = PendingRequest(request)
        self.records.answer_known_keys([pending])
        return cast("T", pending.result()) if pending.done else None

    def _process_batch(self, batch: Batch) -> None:
        """Answer a batch; requests left without an answer come first in the next one.

        Requests for contended stock, or possibly committed ones, run in isolation with a short timeout. Duplicates in
        the batch get the first one's result.
        """
        batch = _drop_expired(batch)
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

    def _is_isolated(self, request: StockRequest[Any]) -> bool:
        return request.may_be_committed or self.admission.is_contended(request.lines)

    def _commit_isolated(self, isolated: Batch) -> None:
        """Commit requests for the same stock together; a possibly committed one runs alone."""
        end = monotonic() + BATCH_TIMEOUT
        parts = split_for_isolation(isolated)
        for group in sorted(parts, key=lambda part: self.admission.last_attempt(stock_ids(part[0]))):
            if monotonic() > end:
                return
            self.admission.record_attempt(stock_ids(group[0]))
            self._commit(group[:MAX_BATCH], ISOLATED_TIMEOUT)

    def _commit(self, group: Batch, contention_timeout: float) -> None:
        """Answer `group`; requests for stock that stays locked for `contention_timeout` seconds get no answer yet."""
        try:
            self._commit_fitting(group, contention_timeout)
        except WriteContention:
            locked = {stock_ids(pending) for pending in group}
            if len(locked) == 1:
                self.admission.quarantine(locked.pop())
            else:
                self._commit_isolated(unanswered(group))
        except _ConflictInBatch:
            self._commit_each(unanswered(group), ISOLATED_TIMEOUT)
        except Exception as error:  # boundary: an error is the answer of this group alone
            if len(group) == 1 or _is_of_the_database(error):
                _reject(group, error)
            else:
                self._commit_each(group, contention_timeout)

    def _commit_each(self, group: Batch, contention_timeout: float) -> None:
        """Commit each request alone, so that the one that causes an error, or is stale, fails alone."""
        for pending in group:
            if not pending.done:
                self._commit([pending], contention_timeout)

    def _commit_fitting(self, group: Batch, contention_timeout: float) -> None:
        end = monotonic() + contention_timeout
        if self.admission.is_nearly_full(claimed_lines(pending.request for pending in group)):
            group = largest_fitting(group, self.records, self.admission)
        while group := _drop_expired(group):
            try:
                transaction(
                    self.client,
                    partial(self._write, group),
                    self.limits.transaction_timeout,
                    Contention(contention_timeout, self.worker_lock),
                )
            except (_GuardFailed, StaleRequest) as error:
                left = self._refresh(group)
                if isinstance(error, _GuardFailed):
                    left = largest_fitting(left, self.records, self.admission)
                if len(left) == len(group):
                    self._await_change(group, error, end)
                group = left
            except (BulkError, DuplicateKey) as error:
                if not _is_duplicate(error):
                    raise
                group = _drop_duplicates(self.records, group)
            else:
                self._answer_committed(group)
                return

    def _await_change(self, group: Batch, error: Exception, end: float) -> None:
        """Pause before a retry of `group`, which has failed with `error`; raises if a retry cannot succeed."""
        if isinstance(error, StaleRequest) and len(group) > 1:
            raise _ConflictInBatch from None
        check_counts(group, self.stock, self.records)
        # The conflicting writes are not majority-committed yet.
        if monotonic() > end:
            raise WriteContention(retry_after=2) from None
        time.sleep(SHORTAGE_PAUSE)

    def _write(self, group: Batch, session: Session) -> None:
        requests = [pending.request for pending in group]
        if not self.stock.change(session, claimed_lines(requests), released_lines(requests)):
            raise _GuardFailed
        self.records.write(session, requests)

    def _answer_committed(self, group: Batch) -> None:
        for pending in group:
            try:
                pending.resolve(pending.request.result())
            except DomainError as error:
                pending.reject(error)
            self.admission.end_quarantine(pending.request.lines)
            self.admission.invalidate_unclaimed(pending.request.lines)
        self.records.after_commit([pending.request for pending in group])

    def _refresh(self, group: Batch) -> list[Pending]:
        """Bring the requests up to date with their rows; return those without an answer."""
        self.records.refresh(group)
        return unanswered(group)


class _ConflictInBatch(Exception):
    """Requests of the batch want the same row, such as a seat; none is stale by the committed rows."""


class _GuardFailed(Exception):
    """Some stock has less left than the batch wants."""


def _drop_duplicates(records: StockRecords, group: Batch) -> list[Pending]:
    """Answer the duplicates in `group`; return the others.

    If there are none, the conflicting row is not majority-committed yet. Then each request is isolated.
    """
    records.answer_duplicates(group)
    left = unanswered(group)
    if len(left) < len(group) or records.renew_references([pending.request for pending in left]):
        return left
    for pending in left:
        pending.request.may_be_committed = True
    time.sleep(DUPLICATE_PAUSE if len(left) == 1 else 0)
    return []


def _drop_expired(group: Batch) -> list[Pending]:
    """Refuse the requests whose deadline has passed; return those without an answer."""
    for pending in group:
        if pending.request.deadline <= monotonic():
            _reject([pending], Unavailable(pending.request.too_busy, retry_after=2))
    return unanswered(group)


def _reject(group: Batch, error: Exception) -> None:
    for pending in group:
        is_unknown = pending.request.may_be_committed and isinstance(error, DatabaseError | Unavailable)
        pending.reject(OutcomeUnknown(retry_after=2) if is_unknown else error)


def _is_of_the_database(error: Exception) -> bool:
    """Return whether `error` would meet each request of a batch in the same way."""
    if isinstance(error, DatabaseError):
        return is_unavailable(error)
    return isinstance(error, Unavailable)


def _is_duplicate(error: BulkError | DuplicateKey) -> bool:
    if isinstance(error, DuplicateKey):
        return True
    return any(problem.get("code") == DUPLICATE_KEY for problem in error.details.get("writeErrors", []))
