"""Requests that change stock: their claims and releases, the rows that belong to them, and which share a batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar, cast

from core.clock import monotonic
from core.concurrency.batcher import PendingRequest, PendingRequests
from core.errors import DomainError
from core.mongo.transactions import Session
from inventory.admission import Shortage
from inventory.stock import StockLevel

D = TypeVar("D")
Q = TypeVar("Q")
T = TypeVar("T")
E = TypeVar("E")
T_co = TypeVar("T_co", covariant=True)

CHANGE_TIMEOUT = 10.0
TOO_BUSY = "The service is too busy. Nothing was changed; please try again."


class StaleRequest(Exception):
    """Some row is not as its request expects; the transaction must be aborted."""


class StockRequest(Protocol[T_co]):
    """A request for changes of stock and of the rows that belong to them, all or none."""

    # Set when a previous attempt may have committed: its rows are there but may still be rolled back.
    may_be_committed: bool

    @property
    def lines(self) -> Mapping[str, int]:
        """Counts by stock id: claimed if positive, released if negative; 0 if only other fields of it change."""

    @property
    def deadline(self) -> float:
        """When it is refused if still unanswered, in monotonic seconds."""

    @property
    def too_busy(self) -> str:
        """The message when the deadline has passed."""

    @property
    def identities(self) -> frozenset[Hashable]:
        """Unique keys of its rows: two requests with a common one cannot share a transaction."""

    @property
    def is_keyed(self) -> bool:
        """Whether it has an idempotency key, so that an earlier answer must be looked up before a refusal."""

    def result(self) -> T_co:
        """Return the answer after the commit; raises the refusal that the transaction found."""


Pending = PendingRequest[StockRequest[Any], Any]
Batch = PendingRequests[StockRequest[Any], Any]


@dataclass
class StockChange(Generic[D, T]):
    """A request other than a plain claim: `detail` says what changes; writing its rows sets `outcome`."""

    detail: D
    lines: Mapping[str, int]
    identities: frozenset[Hashable] = frozenset()
    deadline: float = field(default_factory=lambda: monotonic() + CHANGE_TIMEOUT)
    too_busy: str = TOO_BUSY
    outcome: T | DomainError | None = None
    is_keyed: bool = False
    may_be_committed: bool = False

    def result(self) -> T:
        """Return the outcome, or raise it if it is a refusal."""
        if isinstance(self.outcome, DomainError):
            raise self.outcome
        return cast("T", self.outcome)


class StockRecords(Protocol):
    """The rows that belong to the requests, and the answers to them."""

    def stock_levels(self, stock_ids: Iterable[str]) -> Mapping[str, StockLevel]:
        """Return the majority-committed levels by id; creates stock that is planned but missing."""

    def write(self, session: Session, requests: Sequence[StockRequest[Any]]) -> None:
        """Write the rows of `requests`, whose stock is written already.

        A duplicate raises BulkError or DuplicateKey; a row that is not as expected raises StaleRequest.
        """

    def refresh(self, batch: Batch) -> None:
        """Read again the rows that the requests expect; answer the requests that have become pointless."""

    def answer_known_keys(self, batch: Batch) -> None:
        """Answer the requests whose idempotency key is known."""

    def answer_duplicates(self, batch: Batch) -> None:
        """Answer the requests that were committed before: by key, by a previous attempt, or by their unique rows."""

    def renew_references(self, requests: Sequence[StockRequest[Any]]) -> bool:
        """Replace random references that are taken; return whether there were any."""

    def refusal(self, shortage: Shortage) -> Exception:
        """Return the error of a claim that exceeds its stock."""

    def after_commit(self, requests: Sequence[StockRequest[Any]]) -> None:
        """React to the committed `requests`."""


class RowsOfKind(ABC, Generic[E]):
    """The rows of one kind of requests, for records of many kinds.

    By default a request of the kind expects no row, has no idempotency key, and writes no unique row.
    """

    @abstractmethod
    def write(self, session: Session, requests: Sequence[Any]) -> list[E]:
        """Write the rows within the caller's transaction; return what the records write for all kinds together."""

    def refresh(self, batch: Sequence[Any]) -> None:
        """See `StockRecords.refresh`."""

    def answer_known_keys(self, batch: Sequence[Any]) -> None:
        """See `StockRecords.answer_known_keys`."""

    def answer_duplicates(self, batch: Sequence[Any]) -> None:
        """See `StockRecords.answer_duplicates`."""

    def renew_references(self, requests: Sequence[Any]) -> bool:  # noqa: ARG002  # for kinds with references
        """See `StockRecords.renew_references`."""
        return False


def claimed_lines(requests: Iterable[StockRequest[Any]]) -> dict[str, int]:
    """Return the counts by stock id that `requests` claim together."""
    return _summed_lines(requests, 1)


def released_lines(requests: Iterable[StockRequest[Any]]) -> dict[str, int]:
    """Return the counts by stock id that `requests` release together."""
    return _summed_lines(requests, -1)


def split_duplicates(batch: Batch) -> tuple[list[Pending], list[Pending]]:
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


def split_for_isolation(batch: Batch) -> list[list[Pending]]:
    """Return the requests for the same stock together, and each possibly committed one alone."""
    parts: dict[Hashable, list[Pending]] = {}
    for pending in batch:
        part = id(pending) if pending.request.may_be_committed else stock_ids(pending)
        parts.setdefault(part, []).append(pending)
    return list(parts.values())


def unanswered(batch: PendingRequests[Q, T]) -> list[PendingRequest[Q, T]]:
    """Return the requests without an answer."""
    return [pending for pending in batch if not pending.done]


def stock_ids(pending: Pending) -> frozenset[str]:
    """Return the ids of the stock that a request changes."""
    return frozenset(pending.request.lines)


def _summed_lines(requests: Iterable[StockRequest[Any]], sign: int) -> dict[str, int]:
    """Return the sums of the lines of one sign, as positive counts."""
    total: dict[str, int] = {}
    for request in requests:
        for stock_id, change in request.lines.items():
            count = change * sign
            if count > 0:
                total[stock_id] = total.get(stock_id, 0) + count
    return total
