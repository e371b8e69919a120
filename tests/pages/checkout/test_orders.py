"""Orders: their states, files, cancellation; those of other people are not found."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from orders.model import QueuePosition
from orders.payment_queue import PaymentQueue
from tests.api.conftest import Clock
from tests.orders.shop import Shop, TierPlan
from tests.pages.checkout.buying import LATE, BuyingBrowser, shown


def bought(shop: Shop, buyer: BuyingBrowser, count: int = 2, price: int = 1000) -> str:
    """Buy tickets of a new event; return the path of the order."""
    (tier,) = shop.event(TierPlan("VIP", price)).tiers
    return buyer.buy((tier, count)).location.partition("?")[0]


@pytest.mark.parametrize(
    ("state", "badge", "sentence"),
    [
        ("held", "Being checked", "We are still checking your payment"),
        ("paying", "Being checked", "We are still checking your payment"),
        ("paid", "Paid", "Your order"),
        ("declined", "Declined", "You were not charged."),
        ("expired", "Not paid in time", "This order was not paid in time"),
        ("cancelled", "Cancelled", "This order is cancelled"),
        ("refunded", "Refunded", "so the money goes back"),
    ],
)
def test_order_shows_its_state(shop: Shop, buyer: BuyingBrowser, state: str, badge: str, sentence: str) -> None:
    path = bought(shop, buyer)
    shop.db["orders"].update_one({}, {"$set": {"state": state}})

    page = shown(buyer.get(path))

    assert badge in page
    assert sentence in page
    assert ("data-poll" in page) == (state in ("held", "paying"))
    assert badge in shown(buyer.get("/my/orders"))


def test_queued_order_shows_its_position(shop: Shop, buyer: BuyingBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bought(shop, buyer)
    shop.db["orders"].update_one({}, {"$set": {"state": "held"}})
    queue = QueuePosition(3, 6, shop.now + timedelta(minutes=5))
    monkeypatch.setattr(PaymentQueue, "position_of", lambda *_: queue)

    page = shown(buyer.get(path))

    assert "Your place in line: 3. It is your turn in about 6 seconds." in page
    assert "Please do not buy them again" in page


@pytest.mark.parametrize("suffix", ["", "/tickets.pdf", "/calendar.ics"])
def test_order_of_another_person_is_not_found(shop: Shop, buyer: BuyingBrowser, suffix: str) -> None:
    path = bought(shop, buyer)
    other = BuyingBrowser.signed_in(shop)

    answer = other.get(path + suffix)

    assert answer.status_code == 404
    assert "There is no such order in your account." in shown(answer)
    assert other.post(f"{path}/cancel").status_code == 404
    assert "No orders yet" in shown(other.get("/my/orders"))


@pytest.mark.parametrize("order_id", ["x", "0" * 500, "%00", "{'$gt': ''}"])
def test_unknown_order_is_not_found(buyer: BuyingBrowser, order_id: str) -> None:
    assert buyer.get(f"/orders/{order_id}").status_code == 404


def test_tickets_of_an_order_are_served_as_pdf(shop: Shop, buyer: BuyingBrowser) -> None:
    path = bought(shop, buyer)

    answer = buyer.get(f"{path}/tickets.pdf")

    assert answer.status_code == 200
    assert answer.content_type == "application/pdf"
    assert answer.data.startswith(b"%PDF")
    assert answer.data.count(b"/Type /Page\n") == 2
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_order_without_valid_tickets_has_no_pdf(shop: Shop, buyer: BuyingBrowser) -> None:
    path = bought(shop, buyer)
    buyer.post(f"{path}/cancel")

    assert buyer.get(f"{path}/tickets.pdf").status_code == 404


def test_event_of_an_order_is_served_as_calendar_file(shop: Shop, buyer: BuyingBrowser) -> None:
    event = shop.event(title="A\r\nEND:VEVENT", venue="Hall, 1; 2")
    path = buyer.buy((event.tiers[0], 1)).location.partition("?")[0]

    answer = buyer.get(f"{path}/calendar.ics")

    assert answer.content_type == "text/calendar; charset=utf-8"
    lines = answer.text.split("\r\n")
    assert f"UID:{event.id}@events.invalid" in lines
    assert f"DTSTART:{event.date:%Y%m%dT%H%M%SZ}" in lines
    assert "SUMMARY:A END:VEVENT" in lines
    assert lines.count("END:VEVENT") == 1


def test_cancelled_order_is_refunded(shop: Shop, buyer: BuyingBrowser) -> None:
    path = bought(shop, buyer)
    assert "Cancel this order and get the money back" in shown(buyer.get(path))

    answer = buyer.post(f"{path}/cancel")

    assert answer.location == path
    page = shown(buyer.get(path))
    assert "This order is cancelled" in page
    assert "Refund: paid back" in re.sub(r"<[^>]*>", "", page)
    assert "Cancel this order and" not in page
    assert shop.db["tickets"].count_documents({"state": "valid"}) == 0
    assert buyer.post(f"{path}/cancel").location == path


def test_free_order_is_cancelled_without_a_refund(shop: Shop, buyer: BuyingBrowser) -> None:
    path = bought(shop, buyer, price=0)
    page = shown(buyer.get(path))
    assert "get the money back" not in page
    assert "Cancel this order" in page

    buyer.post(f"{path}/cancel")

    assert "Refund" not in shown(buyer.get(path))


def test_order_cannot_be_cancelled_after_the_event_has_begun(shop: Shop, buyer: BuyingBrowser, clock: Clock) -> None:
    tomorrow = shop.now + timedelta(days=1)
    (tier,) = shop.event(date=tomorrow, sales_end=tomorrow).tiers
    path = buyer.buy((tier, 1)).location.partition("?")[0]
    clock.pass_by(hours=25)

    answer = buyer.post(f"{path}/cancel")

    assert answer.status_code == 409
    page = shown(answer)
    assert "The event has begun" in page
    assert "Cancel this order and" not in page


def test_order_with_a_used_ticket_cannot_be_cancelled(shop: Shop, buyer: BuyingBrowser) -> None:
    path = bought(shop, buyer)
    ticket = shop.db["tickets"].find_one()
    assert ticket
    shop.db["tickets"].update_one({"_id": ticket["_id"]}, {"$set": {"state": "checked_in"}})

    answer = buyer.post(f"{path}/cancel")

    assert answer.status_code == 409
    page = shown(answer)
    assert "was used at the entrance" in page
    assert "Used" in page


def test_open_order_cannot_be_cancelled(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    path = buyer.buy((tier, 1), payment=LATE).location.partition("?")[0]

    answer = buyer.post(f"{path}/cancel")

    assert answer.status_code == 409
    assert "Only a paid order can be cancelled." in shown(answer)


def test_order_of_a_deleted_event_is_still_shown(shop: Shop, buyer: BuyingBrowser) -> None:
    path = bought(shop, buyer)
    shop.db["events"].delete_many({})

    assert buyer.get(path).status_code == 200
    assert buyer.get("/my/orders").status_code == 200


def test_declined_order_leads_back_to_its_hold(shop: Shop, buyer: BuyingBrowser) -> None:
    (tier,) = shop.event().tiers
    assert buyer.buy((tier, 1), payment="tok_decline").status_code == 402
    order = shop.db["orders"].find_one()
    assert order

    page = shown(buyer.get(f"/orders/{order['_id']}"))

    assert f'href="/checkout?hold={order["holdId"]}"' in page


@pytest.mark.parametrize(("page", "shown_page"), [("", 1), ("2", 2), ("x", 1), ("0", 1), ("9" * 30, 1), ("-1", 1)])
def test_orders_are_listed_in_pages(shop: Shop, buyer: BuyingBrowser, page: str, shown_page: int) -> None:
    bought(shop, buyer, 1)
    order = shop.db["orders"].find_one()
    assert order
    for number in range(10):
        shop.db["orders"].insert_one({**order, "_id": f"{order['_id']}{number}", "key": None})

    text = shown(buyer.get("/my/orders", query_string={"page": page}))

    assert text.count("order-card") == {1: 10, 2: 1}.get(shown_page) or page == "9" * 30
    assert ("Older orders" in text) == (shown_page == 1 and page != "9" * 30)
