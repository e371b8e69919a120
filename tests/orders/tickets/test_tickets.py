"""Tickets: codes, QR pictures, transfer to another person, check-in once."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from accounts.model import Role
from core.clock import iso
from core.ids import REFERENCE_ALPHABET
from core.mongo.transactions import Session
from orders.tickets import qr
from orders.tickets.checkin import Scan
from orders.tickets.codes import GROUP_LENGTH, GROUPS, new_code, normalize_code
from orders.tickets.model import CheckInChange, Ticket, TicketState
from orders.tickets.store import TicketStore
from tests.api_client import Answer
from tests.notifications.running_worker import wait_until
from tests.orders.conftest import ManualClock
from tests.orders.shop import Buyer, Shop

UNKNOWN = "333333-333333-333333"


def bought(shop: Shop, buyer: Buyer, count: int = 1) -> list[str]:
    (tier,) = shop.event().tiers
    return [ticket["code"] for ticket in buyer.order((tier, count)).json["tickets"]]


def check_in(shop: Shop, code: Any, **members: Any) -> Answer:
    return shop.api.admin("POST", "/checkin", json={"code": code, **members})


def transfer(buyer: Buyer, code: str, email: Any) -> Answer:
    return buyer.send("POST", f"/api/tickets/{code}/transfer", json={"email": email})


def listed(buyer: Buyer) -> dict[str, str]:
    return {ticket["code"]: ticket["status"] for ticket in buyer.send("GET", "/api/tickets").json["data"]}


def test_codes_have_81_random_bits_without_look_alikes() -> None:
    assert len(REFERENCE_ALPHABET) ** (GROUPS * GROUP_LENGTH) > 2**80
    made = {new_code() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(rf"([{REFERENCE_ALPHABET}]{{6}}-){{2}}[{REFERENCE_ALPHABET}]{{6}}", code) for code in made)
    assert normalize_code(" 3pfq47 kxw9cd7mn4tr ") == "3PFQ47-KXW9CD-7MN4TR"


def test_picture_is_private_and_holds_the_code(shop: Shop, buyer: Buyer) -> None:
    (code,) = bought(shop, buyer)

    answer = shop.api.get(f"/api/tickets/{code}.svg")

    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.body == qr.svg(code)
    assert answer.body != qr.svg(UNKNOWN)
    assert shop.api.get(f"/api/tickets/{UNKNOWN}.svg").code == "ticket_not_found"


def test_tickets_are_listed_for_their_holder(shop: Shop, buyer: Buyer) -> None:
    codes = bought(shop, buyer, 2)

    (first, _) = buyer.send("GET", "/api/tickets").json["data"]

    assert listed(buyer) == dict.fromkeys(codes, "valid")
    assert (first["event"]["title"], first["tier"], first["seat"]) == ("Limited Concert", "GA", None)
    assert listed(shop.buyer()) == {}
    assert shop.api.get("/api/tickets").status == 401


def test_check_in_succeeds_once_and_shows_the_first_time(shop: Shop, buyer: Buyer, clock: ManualClock) -> None:
    (code,) = bought(shop, buyer)

    scanned = iso(clock())
    first = check_in(shop, code.lower().replace("-", ""))
    clock.advance(minutes=1)
    second = check_in(shop, code)

    assert first.status == 200
    assert (first.json["name"], first.json["code"]) == ("Ada Lovelace", code)
    assert (second.status, second.code) == (409, "already_checked_in")
    assert second.json["checkedInAt"] == first.json["checkedInAt"] == scanned
    assert listed(buyer) == {code: "checked_in"}
    assert shop.db["audit"].count_documents({"what": "ticket.checked_in"}) == 1


def test_concurrent_check_ins_admit_one_person(shop: Shop, buyer: Buyer) -> None:
    (code,) = bought(shop, buyer)

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(lambda _: check_in(shop, code).status, range(8)))

    assert statuses == [200] + [409] * 7


def test_control_check_in_without_the_states_admits_two(
    shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = bought(shop, buyer)
    check = TicketStore.check

    def forgetful(store: TicketStore, session: Session, ticket_ids: Sequence[str], change: CheckInChange) -> bool:
        return any(check(store, session, ticket_ids, replace(change, before=state)) for state in TicketState)

    monkeypatch.setattr(TicketStore, "check", forgetful)
    assert [check_in(shop, code).status for _ in range(2)] == [200, 409]

    monkeypatch.setattr(Scan, "fits", lambda _, ticket: ticket is not None)
    assert check_in(shop, code).status == 200


def test_check_in_and_its_undoing_at_once_both_happen(
    shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan that finds the ticket as another one leaves it a moment later is tried again."""
    (code,) = bought(shop, buyer)
    assert check_in(shop, code).status == 200
    by_code = TicketStore.by_code

    def undone_meanwhile(store: TicketStore, wanted: str) -> Ticket:
        monkeypatch.setattr(TicketStore, "by_code", by_code)
        assert shop.api.admin("POST", "/checkin/undo", json={"code": code}).status == 200
        return by_code(store, wanted)

    monkeypatch.setattr(TicketStore, "by_code", undone_meanwhile)

    assert check_in(shop, code).status == 200


def test_scans_of_a_moment_share_a_transaction(shop: Shop, buyer: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scans that wait for a transaction share the next one; the same code, and a stranger's, disturb no other."""
    codes = bought(shop, buyer, 4)
    scanned = [*codes, codes[1], UNKNOWN]
    waiting = threading.Semaphore(0)
    begun = threading.Event()
    batches: list[int] = []
    by_codes = TicketStore.by_codes

    def slow(store: TicketStore, session: Session, wanted: Sequence[str]) -> dict[str, Ticket]:
        batches.append(len(wanted))
        if not begun.is_set():
            begun.set()
            assert waiting.acquire(timeout=10)
        return by_codes(store, session, wanted)

    monkeypatch.setattr(TicketStore, "by_codes", slow)
    batcher = shop.services.orders.purchases.check_in._batcher
    with ThreadPoolExecutor(len(scanned)) as pool:
        answers = [pool.submit(check_in, shop, scanned[0])]
        assert begun.wait(10)
        answers += [pool.submit(check_in, shop, code) for code in scanned[1:]]
        wait_until(lambda: len(batcher._queue) == len(scanned) - 1)
        waiting.release()
        statuses = [answer.result().status for answer in answers]

    assert sorted(statuses) == [200, 200, 200, 200, 404, 409]
    assert batches == [1, 4]
    assert shop.db["audit"].count_documents({"what": "ticket.checked_in"}) == 4


def test_check_in_of_another_event_or_void_ticket_is_refused(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    order = buyer.order((tier, 1)).json
    code = order["tickets"][0]["code"]

    assert check_in(shop, code, eventId="0" * 32).code == "wrong_event"
    buyer.send("POST", f"/api/orders/{order['id']}/cancel")
    assert check_in(shop, code, eventId=tier.event_id).code == "ticket_void"
    assert check_in(shop, UNKNOWN).code == "ticket_not_found"


def test_check_in_can_be_undone(shop: Shop, buyer: Buyer) -> None:
    (code,) = bought(shop, buyer)

    def undo(given: str) -> Answer:
        return shop.api.admin("POST", "/checkin/undo", json={"code": given})

    assert undo(code).code == "not_checked_in"
    check_in(shop, code)
    assert (undo(code).status, undo(UNKNOWN).code) == (200, "ticket_not_found")
    assert check_in(shop, code).status == 200


def test_order_with_a_used_ticket_cannot_be_cancelled(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event().tiers
    order = buyer.order((tier, 2)).json
    used = order["tickets"][0]["code"]
    at = check_in(shop, used).json["checkedInAt"]

    refused = buyer.send("POST", f"/api/orders/{order['id']}/cancel")
    part = shop.api.admin("POST", f"/orders/{order['id']}/refund", json={"tickets": [used]})

    for answer in (refused, part):
        assert (answer.status, answer.code, answer.json["checkedInAt"]) == (409, "already_checked_in", at)
    assert shop.stock(tier.id) == (2, 0)


def test_check_in_and_cancellation_at_once_agree(shop: Shop, buyer: Buyer) -> None:
    (tier,) = shop.event(max_per_order=20).tiers
    orders = [buyer.order((tier, 1)).json for _ in range(6)]

    def race(number: int) -> int:
        order = orders[number // 2]
        if number % 2:
            return check_in(shop, order["tickets"][0]["code"]).status
        return buyer.send("POST", f"/api/orders/{order['id']}/cancel").status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(race, range(12)))

    assert [sorted(statuses[at : at + 2]) for at in range(0, 12, 2)] == [[200, 409]] * 6
    used = shop.db["tickets"].count_documents({"state": "checked_in"})
    assert shop.stock(tier.id) == (used, 0)


def test_staff_checks_in_and_does_nothing_else(shop: Shop, buyer: Buyer) -> None:
    (code,) = bought(shop, buyer)
    staff = shop.buyer("Steward", role=Role.STAFF)

    assert staff.send("POST", "/api/admin/checkin", json={"code": code}).status == 200
    assert staff.send("GET", "/api/admin/orders").code == "forbidden"
    assert buyer.send("POST", "/api/admin/checkin", json={"code": code}).code == "forbidden"
    assert shop.api.send("POST", "/api/admin/checkin", json={"code": code}).status == 401


@pytest.mark.parametrize("code", ["", None, 5, [], {"$gt": ""}, "x" * 101])
def test_check_in_of_an_invalid_code_is_refused(shared_shop: Buyer, code: Any) -> None:
    for path in ("/checkin", "/checkin/undo"):
        assert shared_shop.api.admin("POST", path, json={"code": code}).status == 400
    assert shared_shop.api.admin("POST", "/checkin", json={"code": UNKNOWN, "eventId": {"$ne": 1}}).status == 400
    assert shared_shop.api.admin("POST", "/checkin", json={"code": UNKNOWN, "x": 1}).status == 400


def test_transferred_ticket_gets_a_new_code(shop: Shop, buyer: Buyer) -> None:
    (code,) = bought(shop, buyer)
    bob = shop.buyer("Bob")

    answer = transfer(buyer, code, bob.email.upper())

    new = answer.json["code"]
    assert (answer.status, listed(buyer), listed(bob)) == (200, {}, {new: "valid"})
    assert check_in(shop, code).code == "ticket_void"
    assert check_in(shop, new).json["name"] == "Bob"
    (email,) = shop.db["letters"].find({"template": "ticket_transferred"})
    assert email["to"] == bob.email
    assert new in json.dumps(email, default=str)
    assert new not in json.dumps(buyer.send("GET", "/api/orders").json)


def test_ticket_waits_for_a_verified_email_address(shop: Shop, buyer: Buyer) -> None:
    (code,) = bought(shop, buyer)
    new = transfer(buyer, code, "late@example.org").json["code"]
    stranger = shop.buyer("Late", email="late@example.org", email_verified=False)

    assert listed(stranger) == {}
    assert transfer(stranger, new, "x@example.org").code == "ticket_not_found"
    shop.db["accounts"].update_one({"_id": stranger.id}, {"$set": {"emailVerified": True}})
    assert listed(stranger) == {new: "valid"}
    assert transfer(stranger, new, buyer.email).status == 200


def test_ticket_used_void_or_of_another_cannot_be_transferred(shop: Shop, buyer: Buyer) -> None:
    used, void = bought(shop, buyer, 2)
    check_in(shop, used)
    assert transfer(shop.buyer(), void, "x@example.org").code == "ticket_not_found"
    transfer(buyer, void, "x@example.org")

    assert transfer(buyer, used, "x@example.org").code == "ticket_not_transferable"
    assert transfer(buyer, void, "x@example.org").code == "ticket_not_found"
    assert transfer(buyer, UNKNOWN, "x@example.org").code == "ticket_not_found"
    for bad in ("", "x", None, 5, {"$gt": ""}, "a@b\x00.org"):
        assert transfer(buyer, used, bad).status == 400
    assert shop.api.send("POST", f"/api/tickets/{used}/transfer", json={"email": "x@example.org"}).status == 401


def test_concurrent_transfers_make_one_new_ticket(shop: Shop, buyer: Buyer) -> None:
    (code,) = bought(shop, buyer)

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda n: transfer(buyer, code, f"x{n}@example.org").status, range(4)))

    assert statuses[0] == 200
    assert shop.db["tickets"].count_documents({"state": "valid"}) == 1
