"""Requests to each page of buying tickets in a full database."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Flask

from tests.orders.shop import Shop, TierPlan
from tests.pages.checkout.buying import BuyingBrowser

Call = Callable[[], int]


def order_page_calls(app: Flask) -> dict[str, Call]:
    """Return a request of a signed-in person to each page of buying tickets."""
    shop = Shop(app)
    tiers = shop.event(TierPlan("A"), TierPlan("B"), TierPlan("C"), pool=30).tiers
    chosen = [(tier, 2) for tier in tiers]
    chooser = BuyingBrowser.signed_in(shop)
    holder = BuyingBrowser.signed_in(shop)
    holder.choose(*chosen)
    held = shop.db["holds"].find_one({"accountId": holder.id})
    assert held
    payer = BuyingBrowser.signed_in(shop)
    payer.choose(*chosen)
    form = payer.checkout_form()
    owner = BuyingBrowser.signed_in(shop)
    order = owner.buy(*chosen).location.partition("?")[0]
    cancelled = owner.buy(*chosen).location.partition("?")[0]
    unconfirmed = owner.buy(*chosen, payment="tok_confirm").location.partition("?")[0]
    code = shop.db["tickets"].distinct("code", {"orderId": order.rpartition("/")[2]})[0]
    transfer = {"code": code, "email": "grace@example.org"}
    return {
        "GET /cart": partial(_get, holder, "/cart"),
        "POST /cart": lambda: chooser.choose(*chosen).status_code,
        "POST /cart/empty": partial(_post, holder, "/cart/empty", {"hold": held["_id"]}),
        "GET /checkout": partial(_get, holder, "/checkout"),
        "POST /checkout": partial(_post, payer, "/checkout", form),
        "GET /my/orders": partial(_get, owner, "/my/orders"),
        "GET /my/tickets": partial(_get, owner, "/my/tickets"),
        "POST /my/tickets/transfer": partial(_post, owner, "/my/tickets/transfer", transfer),
        "GET /my/tickets/{code}/ticket.pdf": partial(_get, owner, f"/my/tickets/{code}/ticket.pdf"),
        "GET /orders/{id}": partial(_get, owner, order),
        "POST /orders/{id}/cancel": partial(_post, owner, f"{cancelled}/cancel", {}),
        "POST /orders/{id}/confirm": partial(_post, owner, f"{unconfirmed}/confirm", {}),
        "GET /orders/{id}/tickets.pdf": partial(_get, owner, f"{order}/tickets.pdf"),
        "GET /orders/{id}/calendar.ics": partial(_get, owner, f"{order}/calendar.ics"),
    }


def _get(browser: BuyingBrowser, path: str) -> int:
    return browser.get(path).status_code


def _post(browser: BuyingBrowser, path: str, form: dict[str, str]) -> int:
    return browser.post(path, form).status_code
