"""Claims of stock: what a request wants, the rows that belong to it, and which claims can share a transaction."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from core.concurrency.batcher import PendingRequest, PendingRequests
from core.mongo.transactions import Session
from inventory.admission import Shortage
from inventory.stock import StockLevel


class Claim(Protocol):
    """A request for stock, all lines or none."""

    # Set when a previous attempt may have committed: its rows are there but may still be rolled back.
    may_be_committed: bool

    @property
    def lines(self) -> Mapping[str, int]:
        """Counts by stock id."""

    @property
    def deadline(self) -> float:
        """When it is refused if still unanswered, in monotonic seconds."""

    @property
    def identities(self) -> frozenset[Hashable]:
        """Unique keys of its rows: two claims with a common one cannot share a transaction."""

    @property
    def is_keyed(self) -> bool:
        """Whether it has an idempotency key, so that an earlier answer must be looked up before a refusal."""


C = TypeVar("C", bound=Claim)
R = TypeVar("R")


class ClaimRecords(Protocol[C, R]):
    """The rows that belong to claims of one kind, and the answers to their requests."""

    def stock_levels(self, stock_ids: Iterable[str]) -> Mapping[str, StockLevel]:
        """Return the majority-committed levels by id; creates stock that is planned but missing."""

    def insert(self, session: Session, claims: Sequence[C]) -> None:
        """Write the rows of `claims`; a duplicate raises BulkError or DuplicateKey."""

    def result(self, claim: C) -> R:
        """Return the answer to a claim that was committed."""

    def answer_known_keys(self, pending: PendingRequests[C, R]) -> None:
        """Answer the claims whose idempotency key is known."""

    def answer_duplicates(self, pending: PendingRequests[C, R]) -> None:
        """Answer the claims that were committed before: by key, by a previous attempt, or by their unique rows."""

    def renew_references(self, claims: Sequence[C]) -> bool:
        """Replace random references that are taken; return whether there were any."""

    def refusal(self, shortage: Shortage) -> Exception:
        """Return the error of a claim that exceeds its stock."""

    def after_commit(self) -> None:
        """React to a committed batch."""

    def after_release(self) -> None:
        """React to stock that was released or changed."""


def total_lines(claims: Iterable[Claim]) -> dict[str, int]:
    """Return the counts by stock id that `claims` want together."""
    total: dict[str, int] = {}
    for claim in claims:
        for stock_id, count in claim.lines.items():
            total[stock_id] = total.get(stock_id, 0) + count
    return total


def split_duplicates(
    batch: PendingRequests[C, R],
) -> tuple[list[PendingRequest[C, R]], list[PendingRequest[C, R]]]:
    """Return the requests that can share a transaction, and those that repeat one of them, both in order."""
    taken: set[Hashable] = set()
    distinct = []
    duplicates = []
    for pending in batch:
        identities = pending.request.identities
        if taken.isdisjoint(identities):
            taken |= identities
            distinct.append(pending)
        else:
            duplicates.append(pending)
    return distinct, duplicates


def split_for_isolation(batch: PendingRequests[C, R]) -> list[list[PendingRequest[C, R]]]:
    """Return the requests for the same stock together, and each possibly committed one alone."""
    parts: dict[Hashable, list[PendingRequest[C, R]]] = {}
    for pending in batch:
        part = id(pending) if pending.request.may_be_committed else stock_ids(pending)
        parts.setdefault(part, []).append(pending)
    return list(parts.values())


def largest_fitting(batch: PendingRequests[C, R], levels: Mapping[str, StockLevel]) -> list[PendingRequest[C, R]]:
    """Return the requests whose lines all fit into what those before them leave."""
    left = {stock_id: level.remaining for stock_id, level in levels.items()}
    fitting = []
    for pending in batch:
        lines = pending.request.lines
        if all(left[stock_id] >= count for stock_id, count in lines.items()):
            fitting.append(pending)
            for stock_id, count in lines.items():
                left[stock_id] -= count
    return fitting


def stock_ids(pending: PendingRequest[C, R]) -> frozenset[str]:
    """Return the ids of the stock that a request claims."""
    return frozenset(pending.request.lines)
