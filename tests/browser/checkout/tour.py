"""Tour of the pages of buying tickets, for screenshots and for accessibility checks."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page

from core.clock import now
from core.mongo.client import Db
from tests.browser.account.actions import new_email, sign_up
from tests.browser.page_tour import Recorder

PAY = ".buy-side button[type=submit]"
ORDER = "**/orders/**"
CART = re.compile(r"/cart(\?.*)?$")
CHECKOUT = "**/checkout?hold=*"
REFUND = {"id": "r", "paymentId": "p", "amount": 20000, "attempts": 0, "failures": 0}
# Fields of a stored order whose page looks different.
ORDER_STATES: dict[str, dict[str, Any]] = {
    "pending": {"state": "paying"},
    "order-to-confirm": {"state": "paying", "unconfirmedPaymentId": "p"},
    "order-declined": {"state": "declined"},
    "order-expired": {"state": "expired"},
    "order-cancelled": {"state": "cancelled", "refunds": [{**REFUND, "state": "succeeded", "dueAt": now()}]},
    "order-refunded": {"state": "refunded", "refunds": [{**REFUND, "state": "pending", "dueAt": now()}]},
}
PAGES = {
    *("cart-choice", "cart-empty", "cart", "cart-ended", "checkout", "checkout-refused"),
    *("order", "order-dialog", "orders-empty", "orders", "tickets-empty", "tickets", "ticket-passed"),
    *ORDER_STATES,
}


def choose(page: Page, concert: dict[str, Any], tier: int = 0, count: int = 2) -> None:
    """Choose tickets on the event's page."""
    page.goto(f"/events/{concert['id']}")
    page.locator(f"[name='quantity-{concert['tiers'][tier]['id']}']").fill(str(count))
    page.locator("button[form=cart-form]").click()


def tour_buying(recorder: Recorder, db: Db, concert: dict[str, Any]) -> None:
    """Visit every page of buying tickets."""
    page = recorder.page
    _tour_cart(recorder, db, concert)
    page.locator("[name=continue]").click()
    page.wait_for_url(CHECKOUT)
    recorder.take("checkout")
    page.locator(PAY).click()
    page.locator("[role=alert]").wait_for()
    recorder.take("checkout-refused")
    page.locator("#terms").check()
    page.locator(PAY).click()
    page.wait_for_url(ORDER)
    recorder.take("order")
    page.locator("details[data-confirm] summary").click()
    page.locator("dialog[open]").wait_for()
    recorder.take("order-dialog")
    for path in ("/my/orders", "/my/tickets"):
        page.goto(path)
        recorder.take(path.rpartition("/")[2])
    page.locator(".ticket summary").first.click()
    page.locator(".ticket details[open] input[type=email]").fill("ada")
    page.locator(".ticket details[open] button").click(no_wait_after=True)
    page.locator(".ticket .field-error").wait_for()
    recorder.take("ticket-passed")
    _tour_states(recorder, db)


def _tour_cart(recorder: Recorder, db: Db, concert: dict[str, Any]) -> None:
    """Visit the cart before the sign-in, empty, filled and ended; it is filled afterwards."""
    page = recorder.page
    choose(page, concert)
    page.wait_for_url("**/sign-in?next=/cart")
    sign_up(page, new_email())
    page.goto("/cart")
    recorder.take("cart-choice")
    page.locator("form[action$='/cart/empty'] button").click()
    page.locator(".empty").wait_for()
    for path in ("/cart", "/my/orders", "/my/tickets"):
        page.goto(path)
        recorder.take(f"{path.rpartition('/')[2]}-empty")
    choose(page, concert)
    page.wait_for_url(CART)
    hold = db["holds"].find_one(sort=[("createdAt", -1)])
    assert hold
    db["holds"].update_one({"_id": hold["_id"]}, {"$set": {"expiresAt": now() - timedelta(minutes=1)}})
    page.reload()
    page.locator("#ended-title").wait_for()
    recorder.take("cart-ended")
    page.locator("section:has(#ended-title) button").click()
    page.locator("[name=continue]").wait_for()
    recorder.take("cart")


def _tour_states(recorder: Recorder, db: Db) -> None:
    order = db["orders"].find_one(sort=[("_id", -1)])
    assert order
    for name, fields in ORDER_STATES.items():
        db["orders"].update_one({"_id": order["_id"]}, {"$set": fields})
        recorder.page.goto(f"/orders/{order['_id']}")
        recorder.take(name)
        db["orders"].replace_one({"_id": order["_id"]}, order)
