"""Releases in the batches of claims: exact counts under threads, once each; an error rejects one request alone."""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from structlog.testing import capture_logs

from core.concurrency.batcher import PendingRequest
from core.errors import DomainError, NotFound, Unavailable
from core.mongo.client import Client, Db
from core.mongo.transactions import Session
from inventory.group_commit import GroupCommit, Limits
from inventory.requests import Pending, StockRequest
from inventory.stock import Stock
from tests.inventory.tier_orders import FIELDS, Cart, OrderRecords, SoldOut, refund

QUOTAS = {"balcony": 31, "floor": 40, "standing": 57}
Outcome = str | type[DomainError]


@pytest.fixture
def db(mongo: Client) -> Iterator[Db]:
    db = mongo[f"inventory-{uuid.uuid4().hex[:12]}"]
    db.create_collection("orders")
    db["tiers"].insert_many(
        [{"_id": tier, "quota": quota, "sold": 0, "withdrawn": False} for tier, quota in QUOTAS.items()]
    )
    yield db
    mongo.drop_database(db.name)


def group_commit(db: Db) -> GroupCommit:
    return GroupCommit(db.client, Stock(db["tiers"], FIELDS), OrderRecords(db), Limits(max_queue=1000))


def submit_all(commits: Sequence[GroupCommit], requests: Sequence[StockRequest[str]]) -> list[Outcome]:
    """Return the answer to each request, or the type of its refusal."""

    def submit(number: int) -> Outcome:
        try:
            return commits[number % len(commits)].submit(requests[number])
        except DomainError as error:
            return type(error)

    with ThreadPoolExecutor(64) as threads:
        return list(threads.map(submit, range(len(requests))))


def assert_consistent(db: Db) -> None:
    """Fail unless each tier counts exactly its orders, within its quota."""
    ordered: Counter[str] = Counter()
    for order in db["orders"].find():
        ordered.update(order["lines"])
    counts = sold(db)
    assert {tier: ordered[tier] for tier in QUOTAS} == counts
    assert all(count <= QUOTAS[tier] for tier, count in counts.items())


def sold(db: Db) -> dict[str, int]:
    return {tier["_id"]: tier["sold"] for tier in db["tiers"].find()}


def test_refunds_and_carts_in_one_crowd_leave_exact_counts(db: Db) -> None:
    chance = random.Random(11)  # a repeatable draw
    first = [Cart({tier: chance.randint(1, 3) for tier in chance.sample(sorted(QUOTAS), 2)}) for _ in range(60)]
    accepted = {answer for answer in submit_all([group_commit(db)], first) if isinstance(answer, str)}
    made = [cart for cart in first if cart.buyer in accepted]
    crowd: list[StockRequest[str]] = [refund(cart.buyer, cart.lines) for cart in made]
    crowd += [Cart({tier: chance.randint(1, 3) for tier in chance.sample(sorted(QUOTAS), 2)}) for _ in range(120)]
    chance.shuffle(crowd)

    answers = submit_all([group_commit(db), group_commit(db)], crowd)

    assert {answer for answer in answers if not isinstance(answer, str)} <= {SoldOut}
    assert not {cart.buyer for cart in made} & {order["_id"] for order in db["orders"].find()}
    assert_consistent(db)
    # Every unit that was released can be sold again, and not one more.
    left = {tier["_id"]: tier["quota"] - tier["sold"] for tier in db["tiers"].find()}
    late = [Cart({tier: 1}) for tier, count in left.items() for _ in range(count + 2)]
    assert Counter(answer for answer in submit_all([group_commit(db)], late) if answer is SoldOut) == {SoldOut: 6}
    assert_consistent(db)


def test_refund_repeated_at_once_releases_once(db: Db) -> None:
    commits = [group_commit(db), group_commit(db)]
    cart = Cart({"floor": 3, "balcony": 1})
    commits[0].submit(cart)

    answers = submit_all(commits, [refund(cart.buyer, cart.lines) for _ in range(50)])

    assert Counter(answers) == {cart.buyer: 1, NotFound: 49}
    assert_consistent(db)


def test_refund_with_outdated_lines_releases_what_is_stored(db: Db) -> None:
    commit = group_commit(db)
    cart = Cart({"floor": 3})
    commit.submit(cart)

    assert commit.submit(refund(cart.buyer, {"floor": 1, "balcony": 1})) == cart.buyer

    assert_consistent(db)


def test_release_ends_the_refusals_from_the_sold_out_cache(db: Db) -> None:
    commit = group_commit(db)
    cart = Cart({"floor": 40})
    commit.submit(cart)
    with pytest.raises(SoldOut):
        commit.submit(Cart({"floor": 1}))
    assert commit.admission.cached_shortage({"floor": 1})

    commit.submit(refund(cart.buyer, cart.lines))

    assert commit.submit(Cart({"floor": 40}))
    assert_consistent(db)


def test_request_with_an_error_of_its_own_fails_alone(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that the database refuses to write does not reject the batch that it came with."""
    db.command({"collMod": "orders", "validator": {"lines.floor": {"$ne": 13}}})
    gathered = threading.Event()
    write = OrderRecords.write

    def slow(records: OrderRecords, session: Session, requests: Sequence[StockRequest[Any]]) -> None:
        gathered.wait(1)
        write(records, session, requests)

    monkeypatch.setattr(OrderRecords, "write", slow)
    commit = group_commit(db)
    crowd = [Cart({"standing": 1}) for _ in range(20)] + [Cart({"floor": 13})]

    def submit(cart: Cart) -> Any:
        try:
            return commit.submit(cart)
        except Exception as error:
            return type(error).__name__

    with ThreadPoolExecutor(len(crowd)) as threads:
        pending = [threads.submit(submit, cart) for cart in crowd]
        while len(commit._batcher._queue) < len(crowd) - 1:
            """The first is in its transaction, the others wait for the next one."""
        gathered.set()
        answers = [one.result() for one in pending]

    assert answers == [cart.buyer for cart in crowd[:20]] + ["BulkWriteError"]
    assert_consistent(db)


def test_release_beyond_the_count_fails_at_once_and_alone(db: Db) -> None:
    """A count that is too low, as `flask verify` reports, delays no other request for the same stock."""
    commit = group_commit(db)
    carts = [Cart({"floor": 2}), Cart({"floor": 3})]
    for cart in carts:
        commit.submit(cart)
    db["tiers"].update_one({"_id": "floor"}, {"$set": {"sold": 1}})
    refunds: list[Pending] = [PendingRequest(refund(cart.buyer, cart.lines)) for cart in carts]
    others: list[Pending] = [PendingRequest(Cart({tier: 1})) for tier in ("floor", "balcony")]
    # Isolated requests for one stock share a transaction, too.
    commit.admission.quarantine(["floor"])

    with capture_logs() as events:
        commit._process_batch([*refunds, *others])

    for refused in refunds:
        assert refused.done
        with pytest.raises(Unavailable):
            refused.result()
    assert [accepted.done for accepted in others] == [True, True]
    assert sold(db) == {"balcony": 1, "floor": 2, "standing": 0}
    assert [(event["event"], event["stock"]) for event in events] == [("stock_mismatch", ["floor"])] * 2


def test_control_release_without_a_check_of_its_row_releases_twice(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = group_commit(db)
    cart, other = Cart({"floor": 3}), Cart({"floor": 3})
    commit.submit(cart)
    commit.submit(other)

    def careless(records: OrderRecords, session: Session, request: Any) -> None:
        records.db["orders"].delete_one({"_id": request.detail.buyer}, session=session)
        request.outcome = request.detail.buyer

    monkeypatch.setattr(OrderRecords, "_refund", careless)
    for _ in range(2):
        commit.submit(refund(cart.buyer, cart.lines))

    with pytest.raises(AssertionError):
        assert_consistent(db)
