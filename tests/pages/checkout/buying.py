"""A browser without scripts that buys tickets."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from accounts.model import Account
from accounts.page_sessions import PageSessions
from core.web.context import runtime_of
from events.model import Tier
from tests.members import members
from tests.orders.shop import Shop

COOKIE = "pageSession"
APPROVED = "tok_approve"
DECLINED = "tok_decline"
LATE = "tok_late"


class BuyingBrowser:
    """A browser that keeps cookies, on the pages of buying tickets."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.client: FlaskClient = shop.app.test_client()
        self.account: Account | None = None

    @classmethod
    def signed_in(cls, shop: Shop, **changes: Any) -> BuyingBrowser:
        """Return the browser of a new account that is signed in."""
        browser = cls(shop)
        (member,) = members(shop.db, shop.services.settings, shop.api.send, 1, **changes)
        browser.sign_in(member.account)
        return browser

    def sign_in(self, account: Account) -> None:
        """Begin a page session without a password."""
        sessions = runtime_of(self.shop.app).get(PageSessions)
        session = self.shop.db["sessions"].find_one({"accountId": account.id})
        assert session
        self.client.set_cookie(COOKIE, sessions.begin(account, session["_id"]))
        self.account = account

    @property
    def id(self) -> str:
        assert self.account
        return self.account.id

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, headers={"Accept": "text/html", **options.pop("headers", {})}, **options)

    def post(self, path: str, form: Mapping[str, Any] | None = None, **headers: str) -> TestResponse:
        """Submit a form of the site's own page; `headers` replace those of the browser."""
        sent = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", **headers}
        return self.client.post(path, data=form or {}, headers=sent)

    def choose(self, *items: tuple[Tier, int], **fields: str) -> TestResponse:
        """Send the form of an event's page."""
        return self.post("/cart", {f"quantity-{tier.id}": str(count) for tier, count in items} | fields)

    def checkout_form(self, **changes: str) -> dict[str, str]:
        """Fill in the form of the checkout's page."""
        page = self.get("/checkout").text
        found = {name: re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("hold", "key")}
        form = {name: match[1] for name, match in found.items() if match}
        return {**form, "terms": "yes", "payment": APPROVED, **changes}

    def buy(self, *items: tuple[Tier, int], **changes: str) -> TestResponse:
        """Choose tickets and pay; the answer is that of the checkout."""
        assert self.choose(*items).status_code == 303
        return self.post("/checkout", self.checkout_form(**changes))


def shown(answer: TestResponse) -> str:
    return html.unescape(answer.text)
