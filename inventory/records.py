"""Records of many kinds of requests: each kind of request has its rows, written in a fixed order of kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from core.mongo.transactions import Session
from inventory.requests import Batch, Pending, RowsOfKind, StockRequest

E = TypeVar("E")
T = TypeVar("T")


class RecordsByKind(Generic[E]):
    """Passes the requests of a batch to the rows of their kind.

    `rows` are by kind, which `kind` returns of a request, in the order in which they are written. `store` writes, in
    the same transaction, what the rows of all kinds return.
    """

    def __init__(
        self,
        rows: Mapping[type, RowsOfKind[E]],
        kind: Callable[[StockRequest[Any]], type],
        store: Callable[[Session, Sequence[E]], object],
    ) -> None:
        self._rows = rows
        self._kind = kind
        self._store = store

    def write(self, session: Session, requests: Sequence[StockRequest[Any]]) -> None:
        """Write the rows of all kinds, also those of the requests that follow from these."""
        by_kind = _by_kind([*requests, *self._following(requests)], self._kind)
        returned: list[E] = []
        for kind, rows in self._rows.items():
            if kind in by_kind:
                returned += rows.write(session, by_kind[kind])
        if returned:
            self._store(session, returned)

    def _following(self, _requests: Sequence[StockRequest[Any]]) -> Iterable[StockRequest[Any]]:
        """Return further requests whose rows belong to the same transaction; none by default."""
        return ()

    def refresh(self, batch: Batch) -> None:
        """Bring the requests up to date with their rows."""
        for rows, pending in self._parts(batch):
            rows.refresh(pending)

    def answer_known_keys(self, batch: Batch) -> None:
        """Answer the requests whose key is known with the first response, or with IdempotencyKeyReused."""
        for rows, pending in self._parts(batch):
            rows.answer_known_keys(pending)

    def answer_duplicates(self, batch: Batch) -> None:
        """Answer the requests that were committed before."""
        for rows, pending in self._parts(batch):
            rows.answer_duplicates(pending)

    def renew_references(self, requests: Sequence[StockRequest[Any]]) -> bool:
        """Replace random references that are taken; return whether there were any."""
        by_kind = _by_kind(requests, self._kind)
        renewed = [self._rows[kind].renew_references(of_kind) for kind, of_kind in by_kind.items()]
        return any(renewed)

    def _parts(self, batch: Batch) -> list[tuple[RowsOfKind[E], list[Pending]]]:
        by_kind = _by_kind(batch, lambda pending: self._kind(pending.request))
        return [(self._rows[kind], pending) for kind, pending in by_kind.items()]


def _by_kind(items: Iterable[T], kind_of: Callable[[T], type]) -> dict[type, list[T]]:
    kinds: dict[type, list[T]] = {}
    for item in items:
        kinds.setdefault(kind_of(item), []).append(item)
    return kinds
