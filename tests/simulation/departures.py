"""Invariants of deleted accounts and of disputes, of the rows of one moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.mongo.client import Document
from tests.simulation.invariants import CLAIMS, Invariants

WON = "won"


@dataclass
class Departures:
    """Finds what is left of deleted accounts, and disputes that the orders have missed or counted twice."""

    invariants: Invariants

    def broken(self) -> Iterator[str]:
        """Yield what holds at no moment."""
        bank = self.invariants.bank
        for order in self.invariants.snapshot.of("orders"):
            ids = [dispute["id"] for dispute in order["disputes"]]
            if len(ids) > len(set(ids)):
                yield f"order {order['_id']} counts a dispute twice: {ids}"
            for dispute in order["disputes"]:
                if bank.disputes.get(dispute["id"]) != dispute["paymentId"]:
                    yield f"order {order['_id']} has the dispute {dispute['id']} of another payment"
                if dispute["won"] and bank.closed.get(dispute["id"]) != WON:
                    yield f"order {order['_id']} has won {dispute['id']}, which is {bank.closed.get(dispute['id'])}"

    def unfinished(self) -> Iterator[str]:
        """Yield what may not be left when nothing more happens."""
        yield from self._claims()
        yield from self._names()
        orders = {order["_id"]: order for order in self.invariants.snapshot.of("orders")}
        bank = self.invariants.bank
        order_ids = {payment.id: payment.order_id for payment in bank.payments.values()}
        for dispute_id, payment_id in bank.disputes.items():
            order = orders[order_ids[payment_id]]
            known = {dispute["id"]: dispute for dispute in order["disputes"]}
            is_won = bank.closed.get(dispute_id) == WON
            if dispute_id not in known or known[dispute_id]["won"] is not is_won:
                yield f"order {order['_id']} does not know that {dispute_id} is {bank.closed.get(dispute_id, 'open')}"
        for order in orders.values():
            yield from self._restoration(order)

    def _claims(self) -> Iterator[str]:
        """Yield what deleted accounts still have; orders and their tickets stay."""
        if self.invariants.snapshot.of("deleted_accounts"):
            yield "a deletion is not finished"
        for collection, states in CLAIMS.items():
            rows = self.invariants.snapshot.of(collection, *states) if states else []
            for row in rows:
                if row["accountId"] in self.invariants.deleted:
                    yield f"the deleted account {row['accountId']} has {row['_id']} of {collection}"

    def _names(self) -> Iterator[str]:
        deleted = self.invariants.deleted
        for order in self.invariants.snapshot.of("orders"):
            if order["accountId"] in deleted and (order["name"] or order["email"]):
                yield f"order {order['_id']} has the name of a deleted account"
        for ticket in self.invariants.snapshot.of("tickets"):
            if ticket["holderId"] in deleted and (ticket["holderName"] or ticket["holderEmail"]):
                yield f"ticket {ticket['_id']} has the name of a deleted account"
        for letter in self.invariants.snapshot.of("letters"):
            if letter["to"] in deleted.values():
                yield f"the e-mail {letter['_id']} is to a deleted account"

    def _restoration(self, order: Document) -> Iterator[str]:
        """Yield what is wrong with the tickets of an order whose own payment is disputed."""
        own = [dispute for dispute in order["disputes"] if dispute["paymentId"] == order["paymentId"]]
        if not own:
            return
        is_void = any(dispute["voided"] for dispute in own)
        if all(dispute["won"] for dispute in own):
            if is_void and order["flag"] not in ("dispute_won", "disputed"):
                yield f"order {order['_id']} has won and has void tickets without a flag"
            return
        states = [ticket["state"] for ticket in self.invariants.tickets[order["_id"]]]
        undone = [row for row in self.invariants.snapshot.of("audit") if row["what"] == "ticket.check_in_undone"]
        if "valid" in states and not undone:
            yield f"order {order['_id']} is disputed and has valid tickets"
