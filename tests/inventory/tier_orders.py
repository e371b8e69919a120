"""Orders of event tiers: a second user of group commit, which shows that nothing in it knows slots."""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.clock import monotonic
from core.concurrency.batcher import PendingRequest
from core.mongo.client import MAJORITY_READ, Db
from core.mongo.transactions import Session, insert
from inventory.admission import Shortage
from inventory.errors import InsufficientStock
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
    may_be_committed: bool = False
    is_keyed: bool = False

    @property
    def identities(self) -> frozenset[Hashable]:
        return frozenset((self.buyer,))


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

    def insert(self, session: Session, claims: Sequence[Cart]) -> None:
        insert(session, self.db["orders"], [{"_id": cart.buyer, "lines": cart.lines} for cart in claims])

    def result(self, claim: Cart) -> str:
        return claim.buyer

    def answer_known_keys(self, pending: Sequence[PendingRequest[Cart, str]]) -> None:
        """Do nothing: carts have no key."""

    def answer_duplicates(self, pending: Sequence[PendingRequest[Cart, str]]) -> None:
        orders = self.db["orders"].with_options(read_concern=MAJORITY_READ)
        for one in pending:
            if orders.find_one({"_id": one.request.buyer}):
                one.resolve(one.request.buyer)

    def renew_references(self, claims: Sequence[Cart]) -> bool:
        return False

    def refusal(self, shortage: Shortage) -> Exception:
        return SoldOut(extra={"tierId": shortage.stock_id, "remaining": shortage.remaining})

    def after_commit(self) -> None:
        """Do nothing: nothing is cached."""

    def after_release(self) -> None:
        """Do nothing: nothing is cached."""
