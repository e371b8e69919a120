"""`flask verify` of many orders while tickets are sold: `python -m bench.million_orders [--orders N] [--rate R]`.

It inserts the orders with their tickets into a database of its own, which is deleted afterwards, starts the service,
lets people buy at a steady rate, and times `flask verify`. A million orders take a few minutes and 2 GB of disk.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

import wiring
from bench.event_fixtures import TRANSACTION_SECONDS, access_tokens, new_events
from bench.order_fixtures import PRICES
from bench.system_specs import EVENT_UNLIMITED, Deployment, service_spec
from bench.systems import System, SystemSpec, Workspace, start_system
from core.clock import now
from core.config.settings import ROOT
from core.ids import new_id
from core.mongo.client import Db, connect
from core.mongo.transactions import transaction
from devdb.replica_set import start_replica_set
from events.editor.new_event import NewTier
from events.model import Event
from events.store import EventStore
from orders.holds.model import HeldItem
from orders.mapping import order_document
from orders.model import Order, OrderState, Refund, RefundState
from orders.tickets.issue import tickets_of
from orders.tickets.model import TicketState
from orders.tickets.store import ticket_document

ORDERS = 1_000_000
MOST_ORDERS = 1_000_000
RATE = 10.0
MOST_RATE = 50.0
BATCH_SIZE = 5000
# Every so many orders one is cancelled.
CANCELLED_EACH = 50
VERIFY_TIMEOUT = 600.0
REQUEST_TIMEOUT = 30.0


@dataclass
class Seller:
    """Buys one ticket `rate` times a second in a `with` block, and counts the answers by status."""

    system: System
    tier_id: str
    rate: float
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sell, daemon=True)
        self._token = access_tokens(self.system, 1)[0]

    def __enter__(self) -> Seller:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sell(self) -> None:
        body = {"items": [{"tierId": self.tier_id, "quantity": 1}], "paymentToken": "tok_approve"}
        while not self._stop.wait(1 / self.rate):
            headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": uuid.uuid4().hex}
            started = time.monotonic()
            answer = requests.post(f"{self.system.url}/api/orders", json=body, headers=headers, timeout=REQUEST_TIMEOUT)
            self.slowest = max(self.slowest, time.monotonic() - started)
            self.statuses[answer.status_code] += 1


def main(arguments: Sequence[str]) -> int:
    """Measure once; the exit code is that of `flask verify`."""
    options = parse_options(arguments)
    with start_replica_set() as replica_set, TemporaryDirectory() as folder:
        client = connect(replica_set.uri, no_socket_timeout=True)
        workspace = Workspace(replica_set.uri, client, Path(folder))
        spec = service_spec(workspace, Deployment("verify", EVENT_UNLIMITED, workers=1))
        tier_id = fill(client[spec.environment["MONGODB_DATABASE"]], options.orders)
        system = start_system(workspace, spec)
        try:
            with Seller(system, tier_id, options.rate) as seller:
                code = verify(spec)
        finally:
            system.stop()
        print(f"sold meanwhile, by status: {dict(seller.statuses)}; the slowest order took {seller.slowest:.2f} s")
    return code


def parse_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command line. Exits with code 2 if it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.million_orders", description="Time `flask verify`.")
    parser.add_argument(
        "--orders", type=int, default=ORDERS, metavar="N", help=f"default: {ORDERS}, at most {MOST_ORDERS}"
    )
    parser.add_argument(
        "--rate", type=float, default=RATE, metavar="R", help=f"orders a second; default: {RATE}, at most {MOST_RATE}"
    )
    options = parser.parse_args(arguments)
    if not 0 < options.orders <= MOST_ORDERS:
        parser.error(f"--orders must be above 0 and at most {MOST_ORDERS}")
    if not 0 < options.rate <= MOST_RATE:
        parser.error(f"--rate must be above 0 and at most {MOST_RATE}")
    return options


def fill(db: Db, count: int) -> str:
    """Insert an event and `count` orders with their tickets, then the indexes; return the id of a tier."""
    started = time.monotonic()
    tiers = [NewTier(code=code, name=code.title(), price=price, capacity=MOST_ORDERS) for code, price in PRICES.items()]
    (event,) = new_events(1, tiers)
    transaction(db.client, lambda session: EventStore(db).insert(session, event), TRANSACTION_SECONDS)
    taken: Counter[str] = Counter()
    orders = sample_orders(event, count)
    tickets = 0
    while batch := list(islice(orders, BATCH_SIZE)):
        rows = [ticket_row for order in batch for ticket_row in ticket_rows(order)]
        db.orders.insert_many([order_document(order) for order in batch], ordered=False)
        db.tickets.insert_many(rows, ordered=False)
        taken.update(row["tierId"] for row in rows if row["state"] == TicketState.VALID.value)
        tickets += len(rows)
    for tier_id, number in taken.items():
        db.event_stock.update_one({"_id": tier_id}, {"$set": {"taken": number}})
    inserted = time.monotonic()
    wiring.prepare_database(db)
    print(
        f"{count:,} orders with {tickets:,} tickets: inserted in {inserted - started:.0f} s, "
        f"indexes in {time.monotonic() - inserted:.0f} s",
        flush=True,
    )
    return event.tiers[0].id


def sample_orders(event: Event, count: int) -> Iterator[Order]:
    """Yield paid orders of one or two tickets, of which one in fifty is cancelled and refunded."""
    for number in range(count):
        tier = event.tiers[number % len(event.tiers)]
        quantity = number % 2 + 1
        item = HeldItem(
            event_id=event.id,
            tier_id=tier.id,
            code=tier.code,
            name=tier.name,
            quantity=quantity,
            price=tier.price,
            currency=event.currency,
        )
        moment = now()
        order = Order(
            id=new_id(moment),
            account_id=f"{number:032x}",
            name="Ada Lovelace",
            email=f"ada{number}@example.org",
            language="en",
            items=[item],
            lines={tier.id: quantity},
            currency=event.currency,
            total=tier.price * quantity,
            state=OrderState.PAID,
            created_at=moment,
            hold_until=moment,
            busy_until=moment,
            provider="simulated",
            payment_id=f"sim_{number}",
            paid_at=moment,
            changed_at=moment,
        )
        yield order if number % CANCELLED_EACH else _cancelled(order)


def ticket_rows(order: Order) -> list[dict[str, Any]]:
    """Return the stored tickets of an order; those of a cancelled one are void."""
    state = TicketState.VALID
    if order.state is OrderState.CANCELLED:
        state = TicketState.VOID
    return [ticket_document(replace(ticket, state=state)) for ticket in tickets_of(order)]


def _cancelled(order: Order) -> Order:
    refund = Refund(
        id=f"{order.id}-refund",
        payment_id=order.payment_id,
        amount=order.total,
        state=RefundState.SUCCEEDED,
        due_at=order.created_at,
    )
    return replace(order, state=OrderState.CANCELLED, refunds=[refund])


def verify(spec: SystemSpec) -> int:
    """Run `flask verify` of the service; print its time and memory, and return its exit code."""
    environment: Mapping[str, str] = {**os.environ, **spec.environment}
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "flask", "verify"], cwd=ROOT, env=environment)
    timer = threading.Timer(VERIFY_TIMEOUT, process.kill)
    timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    code = os.waitstatus_to_exitcode(status)
    process.returncode = code
    seconds = time.monotonic() - started
    print(f"flask verify: exit code {code}, {seconds:.1f} s, at most {usage.ru_maxrss / 1024:.0f} MiB", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
