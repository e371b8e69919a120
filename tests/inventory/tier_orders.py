"""Orders and refunds of event tiers: a second user of group commit, which shows that nothing in it knows slots."""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.clock import monotonic
from core.errors import NotFound
from core.mongo.client import MAJORITY_READ, Db, Document
from core.mongo.transactions import Session, insert
from inventory.admission import Shortage
from inventory.errors import InsufficientStock
from inventory.requests import Batch, StaleRequest, StockChange, StockRequest
from inventory.stock import StockFields

FIELDS = StockFields(capacity="quota", taken="sold", closed="withdrawn")


class SoldOut(InsufficientStock):
    """This tier is sold out."""


@dataclass
class Cart:
    """Lines of tier ids and quantities, ordered together or not at all."""

    lines: Mapping[str, int]
    buyer: str = field(default_factory=lambda: uuid.uuid4().hex)
    deadline: float = field(default_factory=lambda: monotonic() + 20)
    too_busy: str = "Too busy."
    may_be_committed: bool = False
    is_keyed: bool = False

    @property
    def identities(self) -> frozenset[Hashable]:
        return frozenset((self.buyer,))

    def result(self) -> str:
        return self.buyer


@dataclass(frozen=True)
class Refund:
    """The order of `buyer` is deleted and its lines are released."""

    buyer: str


def refund(buyer: str, lines: Mapping[str, int]) -> StockChange[Refund, str]:
    """Return the request to refund an order of `lines`; its answer is the buyer."""
    released = {tier: -count for tier, count in lines.items()}
    return StockChange(Refund(buyer), released, frozenset((buyer,)))


@dataclass(frozen=True)
class TierLevel:
    remaining: int
    closed: bool


@dataclass(frozen=True)
class OrderRecords:
    """Orders by buyer: one each; a repeated one is answered with its buyer as well."""

    db: Db

    def stock_levels(self, stock_ids: Iterable[str]) -> Mapping[str, TierLevel]:
        tiers = self.db["tiers"].with_options(read_concern=MAJORITY_READ).find({"_id": {"$in": list(stock_ids)}})
        return {tier["_id"]: TierLevel(tier["quota"] - tier["sold"], tier["withdrawn"]) for tier in tiers}

    def write(self, session: Session, requests: Sequence[StockRequest[Any]]) -> None:
        carts = [request for request in requests if isinstance(request, Cart)]
        if carts:
            insert(session, self.db["orders"], [{"_id": cart.buyer, "lines": cart.lines} for cart in carts])
        for request in requests:
            if isinstance(request, StockChange):
                self._refund(session, request)

    def refresh(self, batch: Batch) -> None:
        for pending in batch:
            if isinstance(pending.request, StockChange):
                order = self._committed(pending.request.detail.buyer)
                if order is None:
                    pending.reject(NotFound())
                else:
                    pending.request.lines = {tier: -count for tier, count in order["lines"].items()}

    def answer_known_keys(self, batch: Batch) -> None:
        """Do nothing: carts have no key."""

    def answer_duplicates(self, batch: Batch) -> None:
        self.refresh(batch)
        for pending in batch:
            if isinstance(pending.request, Cart) and self._committed(pending.request.buyer):
                pending.resolve(pending.request.buyer)

    def renew_references(self, requests: Sequence[StockRequest[Any]]) -> bool:
        return False

    def refusal(self, shortage: Shortage) -> Exception:
        return SoldOut(extra={"tierId": shortage.stock_id, "remaining": shortage.remaining})

    def after_commit(self, requests: Sequence[StockRequest[Any]]) -> None:
        """Do nothing: nothing is cached."""

    def _refund(self, session: Session, request: StockChange[Refund, str]) -> None:
        order = self.db["orders"].find_one_and_delete({"_id": request.detail.buyer}, session=session)
        if order is None or order["lines"] != {tier: -count for tier, count in request.lines.items()}:
            raise StaleRequest
        request.outcome = request.detail.buyer

    def _committed(self, buyer: str) -> Document | None:
        return self.db["orders"].with_options(read_concern=MAJORITY_READ).find_one({"_id": buyer})
