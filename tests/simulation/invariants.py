"""The invariants of docs/architecture.md, computed from all rows of a database and from the providers' own books."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.mongo.client import Db, Document
from orders.payments.gateway import PaymentState
from tests.simulation.providers import Bank, MailProvider

COLLECTIONS = (
    *("events", "event_stock", "seats", "holds", "orders", "tickets", "reservations", "tier_waitlist"),
    *("payment_events", "letters", "audit", "deleted_accounts"),
)
# What an account can have, and the states in which it has tickets or waits for them.
CLAIMS = {
    "orders": (),
    "holds": ("active",),
    "reservations": ("CONFIRMED",),
    "tier_waitlist": ("waiting", "offered"),
}
OPEN = ("held", "paying")
USABLE = ("valid", "checked_in")
# Differences between orders and payments that no step makes.
NEVER_FLAGGED = ("amount_mismatch", "payment_missing", "refunded_at_provider")


@dataclass
class Snapshot:
    """All rows by collection."""

    rows: Mapping[str, Sequence[Document]] = field(default_factory=dict)

    @classmethod
    def read(cls, db: Db) -> Snapshot:
        """Read all collections in one round trip."""
        stages = [
            {"$unionWith": {"coll": name, "pipeline": [{"$addFields": {"collection": name}}]}} for name in COLLECTIONS
        ]
        rows: dict[str, list[Document]] = {name: [] for name in COLLECTIONS}
        for row in db["empty"].aggregate(stages):
            rows[row["collection"]].append(row)
        return cls(rows)

    def of(self, collection: str, *states: str) -> list[Document]:
        """Return the rows of a collection in one of `states`, or all."""
        found = self.rows.get(collection, ())
        if not states:
            return list(found)
        return [row for row in found if row.get("state", row.get("status")) in states]


@dataclass
class Invariants:
    """Finds what is wrong with the rows of one moment."""

    snapshot: Snapshot
    bank: Bank
    mail: MailProvider
    now: datetime
    # So many different requests for orders were made.
    keys: int
    # The addresses of the accounts whose deletion has begun, by id.
    deleted: Mapping[str, str] = field(default_factory=dict)
    tickets: dict[str, list[Document]] = field(init=False)
    # What deleted accounts have had, by id.
    erased: set[str] = field(init=False)

    def __post_init__(self) -> None:
        had = [row for name in CLAIMS for row in self.snapshot.of(name)]
        self.erased = {row["_id"] for row in had if row["accountId"] in self.deleted}
        self.tickets = defaultdict(list)
        for ticket in self.snapshot.of("tickets"):
            self.tickets[ticket["orderId"]].append(ticket)

    def broken(self) -> Iterator[str]:
        """Yield what holds at no moment."""
        yield from self._stock()
        yield from self._seats()
        yield from self._lines()
        for order in self.snapshot.of("orders"):
            yield from self._order(order)
        yield from self._emails()
        yield from self._deadlines()
        yield from self._charges()
        if len(self.snapshot.of("orders")) > self.keys:
            yield f"{len(self.snapshot.of('orders'))} orders of {self.keys} requests"

    def unfinished(self) -> Iterator[str]:
        """Yield what may not be left when nothing more happens."""
        for order in self.snapshot.of("orders"):
            if order["state"] in OPEN:
                yield f"order {order['_id']} is still {order['state']}"
            for refund in order["refunds"]:
                if refund["state"] != "succeeded":
                    yield f"refund {refund['id']} is {refund['state']}"
        orders = {order["_id"]: order for order in self.snapshot.of("orders")}
        for payment in self.bank.payments.values():
            kept = self.bank.paid(payment.id) - self.bank.returned(payment.id)
            wanted = _earned(orders[payment.order_id], payment.id)
            if kept != wanted:
                state = orders[payment.order_id]["state"]
                yield f"the provider has {kept} of order {payment.order_id}, which is {state} and worth {wanted}"
        written = self._written()
        delivered = Counter({id_: count for id_, count in self.mail.delivered.items() if not self._is_erased(id_)})
        if written != delivered:
            yield f"e-mails differ: {written - delivered} not sent, {delivered - written} too many"

    def _claims(self) -> tuple[Counter[str], Counter[str]]:
        """Return the taken and the held counts by stock id, recounted from all claims."""
        held: Counter[str] = Counter()
        for row in (*self.snapshot.of("holds", "active"), *self.snapshot.of("orders", *OPEN)):
            for line in row["lines"]:
                held[line["stockId"]] += line["count"]
        taken = Counter(held)
        pool = next((row["_id"] for row in self.snapshot.of("event_stock") if row["kind"] == "pool"), "")
        sold = [*self.snapshot.of("tickets", *USABLE), *self.snapshot.of("reservations", "CONFIRMED")]
        for row in sold:
            taken[row["tierId"]] += 1
            taken[pool] += 1
        return taken, held

    def _stock(self) -> Iterator[str]:
        taken, held = self._claims()
        waiting = Counter(entry["tierId"] for entry in self.snapshot.of("tier_waitlist", "waiting"))
        for row in self.snapshot.of("event_stock"):
            id_ = row["_id"]
            if not 0 <= row["held"] <= row["taken"] <= row["capacity"]:
                yield f"stock {id_} has {row['held']} held, {row['taken']} taken of {row['capacity']}"
            if (row["taken"], row["held"]) != (taken[id_], held[id_]):
                yield f"stock {id_} counts {row['taken']}, {row['held']}; its claims {taken[id_]}, {held[id_]}"
            if row["kind"] == "tier" and row.get("waiting", 0) != waiting[id_]:
                yield f"stock {id_} counts {row.get('waiting', 0)} who wait, of {waiting[id_]}"

    def _seats(self) -> Iterator[str]:
        taken = {row["_id"]: row["taken"] for row in self.snapshot.of("event_stock")}
        seats = self.snapshot.of("seats")
        used = Counter(seat["tierId"] for seat in seats if seat.get("holder"))
        for tier_id in {seat["tierId"] for seat in seats}:
            if used[tier_id] != taken[tier_id]:
                yield f"tier {tier_id} has {used[tier_id]} seats in use, {taken[tier_id]} taken"
        holders = Counter(seat["holder"] for seat in seats if seat.get("holder"))
        numbered = {seat["tierId"] for seat in seats}
        for reservation in self.snapshot.of("reservations", "CONFIRMED"):
            if reservation["tierId"] in numbered and holders[reservation["_id"]] != 1:
                yield f"reservation {reservation['_id']} has {holders[reservation['_id']]} seats"

    def _deadlines(self) -> Iterator[str]:
        """Yield what has expired too early, and accounts with two carts."""
        # The order of a deleted account ends as soon as a process carries it on.
        orders = [row for row in self.snapshot.of("orders", "expired") if row["email"]]
        for row in (*orders, *self.snapshot.of("holds", "expired")):
            deadline = row["holdUntil"] if "holdUntil" in row else row["expiresAt"]
            if deadline > self.now:
                yield f"{row['_id']} has expired before {deadline}"
        carts = [hold["accountId"] for hold in self.snapshot.of("holds", "active") if hold["kind"] == "cart"]
        if len(carts) > len(set(carts)):
            yield "an account has two carts"

    def _lines(self) -> Iterator[str]:
        """Yield free tickets for which somebody waits, and offers out of turn."""
        stock = {row["_id"]: row for row in self.snapshot.of("event_stock")}
        free = {id_: row["capacity"] - row["taken"] for id_, row in stock.items()}
        pool = [free[id_] for id_, row in stock.items() if row["kind"] == "pool"]
        first: dict[str, int] = {}
        for entry in self.snapshot.of("tier_waitlist", "waiting"):
            tier_id = entry["tierId"]
            first[tier_id] = min(first.get(tier_id, entry["queueNumber"]), entry["queueNumber"])
            if min(free[tier_id], *pool) > 0:
                yield f"somebody waits for {tier_id}, of which {free[tier_id]} are free"
        for entry in self.snapshot.of("tier_waitlist", "offered"):
            if entry["queueNumber"] > first.get(entry["tierId"], entry["queueNumber"]):
                yield f"entry {entry['_id']} was offered tickets before the first in line"

    def _order(self, order: Document) -> Iterator[str]:
        id_ = order["_id"]
        tickets = self.tickets[id_]
        void = [ticket for ticket in tickets if ticket["state"] == "void"]
        issued = [ticket for ticket in tickets if ticket["state"] != "transferred"]
        wanted = 0
        if order["state"] in ("paid", "cancelled"):
            wanted = sum(item["quantity"] for item in order["items"])
        if len(issued) != wanted:
            yield f"order {id_} is {order['state']} and has {len(issued)} tickets of {wanted}"
        if any(ticket["checkedInAt"] for ticket in void):
            yield f"order {id_} has a void ticket that has admitted somebody"
        if order["state"] == "cancelled" and len(void) != len(issued):
            yield f"order {id_} is cancelled and has usable tickets"
        if order["flag"] in NEVER_FLAGGED:
            yield f"order {id_} is flagged {order['flag']}"
        yield from self._money(order, sum(ticket["price"] for ticket in void))

    def _money(self, order: Document, void: int) -> Iterator[str]:
        id_ = order["_id"]
        payment_id = order["paymentId"]
        if order["total"] and order["state"] == "paid" and self.bank.paid(payment_id) != order["total"]:
            yield f"order {id_} is paid, the provider has {self.bank.paid(payment_id)} of {order['total']}"
        of_payment = [refund for refund in order["refunds"] if refund["paymentId"] == payment_id]
        void -= self._disputed(order)
        if payment_id and sum(refund["amount"] for refund in of_payment) != void:
            yield f"order {id_} has void tickets of {void} to be refunded, refunds {of_payment}"
        known = [refund["id"] for refund in order["refunds"]]
        for key in self.bank.refunds:
            if self._is_of(key, order) and key not in known:
                yield f"order {id_} does not know its refund {key}"
        for refund in order["refunds"]:
            is_known = refund["id"] in self.bank.refunds or refund["id"] in self.bank.failed
            if refund["state"] == "succeeded" and not is_known:
                yield f"refund {refund['id']} is said to have succeeded"
            if refund["state"] == "failed":
                yield f"the provider refused the refund {refund['id']} of {refund['amount']}"

    def _charges(self) -> Iterator[str]:
        """Yield the orders that were charged twice, also if the money has gone back since."""
        taken = [payment for payment in self.bank.payments.values() if payment.state is PaymentState.SUCCEEDED]
        for order_id, count in Counter(payment.order_id for payment in taken).items():
            if count > 1:
                yield f"order {order_id} was charged {count} times"

    def _is_of(self, refund_key: str, order: Document) -> bool:
        payment_id = self.bank.refunds[refund_key].payment_id
        found = (payment for payment in self.bank.payments.values() if payment.id == payment_id)
        return any(payment.order_id == order["_id"] for payment in found)

    def _emails(self) -> Iterator[str]:
        written = self._written()
        wanted = [f"{order['_id']}-paid" for order in self.snapshot.of("orders", "paid", "cancelled")]
        cancelled = self.snapshot.of("orders", "cancelled")
        # Such an order is cancelled by its buyer's bank.
        refunded = [order for order in cancelled if not any(dispute["voided"] for dispute in order["disputes"])]
        wanted += [f"{order['_id']}-cancelled" for order in refunded]
        wanted += [f"{hold['_id']}-offer" for hold in self.snapshot.of("holds") if hold["kind"] == "offer"]
        for id_ in wanted:
            if written[id_] != 1 and not self._is_erased(id_):
                yield f"the e-mail {id_} was written {written[id_]} times"
        for id_, count in self.mail.delivered.items():
            if count != 1 or not (written[id_] or self._is_erased(id_)):
                yield f"the e-mail {id_} was delivered {count} times, written {written[id_]} times"

    def _written(self) -> Counter[str]:
        return Counter(row["_id"] for row in self.snapshot.of("letters") if not self._is_erased(row["_id"]))

    def _is_erased(self, email_id: str) -> bool:
        """Return whether an e-mail is about something of a deleted account."""
        return email_id.partition("-")[0] in self.erased

    def _disputed(self, order: Document) -> int:
        """Return the price of the tickets of an order that are void by a dispute."""
        voided = {ticket_id for dispute in order["disputes"] for ticket_id in dispute["voided"]}
        return sum(ticket["price"] for ticket in self.tickets[order["_id"]] if ticket["_id"] in voided)


def _earned(order: Document, payment_id: str) -> int:
    """Return what the service keeps of a payment by its own books."""
    if order["paymentId"] != payment_id:
        return 0
    returned: int = sum(refund["amount"] for refund in order["refunds"] if refund["paymentId"] == payment_id)
    total: int = order["total"]
    return total - returned
