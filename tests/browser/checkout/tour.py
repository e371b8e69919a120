"""Tour of the pages of buying tickets, for screenshots and for accessibility checks."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from core.mongo.client import Db
from tests.browser.account.actions import new_email, sign_up
from tests.browser.page_tour import Recorder

PAY = ".buy-side button[type=submit]"
ORDER = "**/orders/**"
CHECKOUT = "**/checkout?hold=*"


def choose(page: Page, concert: dict[str, Any], tier: int = 0, count: int = 2) -> None:
    """Choose tickets on the event's page."""
    page.goto(f"/events/{concert['id']}")
    page.locator(f"[name='quantity-{concert['tiers'][tier]['id']}']").fill(str(count))
    page.locator("button[form=cart-form]").click()


def tour_buying(recorder: Recorder, db: Db, concert: dict[str, Any]) -> None:
    """Visit every page of buying tickets."""
    page = recorder.page
    sign_up(page, new_email())
    for path in ("/cart", "/my/orders", "/my/tickets"):
        page.goto(path)
        recorder.take(f"{path.rpartition('/')[2]}-empty")
    choose(page, concert)
    page.wait_for_url("**/cart")
    recorder.take("cart")
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
    page.locator("dialog").wait_for()
    recorder.take("order-dialog")
    for path in ("/my/orders", "/my/tickets"):
        page.goto(path)
        recorder.take(path.rpartition("/")[2])
    order = db["orders"].find_one(sort=[("_id", -1)])
    assert order
    db["orders"].update_one({"_id": order["_id"]}, {"$set": {"state": "paying"}})
    page.goto(f"/orders/{order['_id']}")
    recorder.take("pending")
    db["orders"].update_one({"_id": order["_id"]}, {"$set": {"state": "paid"}})
