"""Requests to each public page of accounts, and to a provider's sign-in, in a full database."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Flask

from core.mongo.client import Db
from tests.accounts.openid.browser import START, Browser
from tests.accounts.openid.local_provider import LocalProvider
from tests.api.account_calls import PASSWORD, TOKEN_LINK
from tests.factories import contact
from tests.pages.account.page_browser import PageBrowser

Call = Callable[[], int]


def openid_calls(app: Flask, provider: LocalProvider) -> dict[str, Call]:
    """Return a request to each route of a sign-in with `provider`, whose metadata was read before."""
    flow = Browser(app.test_client(), provider)
    callback = flow.callback_of(provider.add_person(contact()["email"]))
    return {
        "GET /api/auth/providers": lambda: flow.send("GET", "/api/auth/providers").status,
        "GET /api/auth/oidc/{name}": lambda: flow.send("GET", START).status,
        "GET /api/auth/oidc/{name}/callback": lambda: flow.send("GET", callback).status,
    }


def account_page_calls(app: Flask, db: Db) -> dict[str, Call]:
    """Return a request of a signed-in person to each page of accounts."""
    browser = PageBrowser(app.test_client())
    email = contact()["email"]
    assert browser.sign_up(email=email).status_code == 303
    found = TOKEN_LINK.search(str(db["letters"].find_one({"to": email})))
    assert found
    get = {}
    for path in (
        "/sign-in", "/sign-in/done", "/sign-up", "/account", "/account/verify-email", "/account/forgot-password",
        "/account/reset-password", "/account/deleted",
    ):  # fmt: skip
        get[f"GET {path}"] = partial(_get, browser, path)
    leaver = PageBrowser(app.test_client())
    leaver.sign_up(email=contact()["email"])
    other = PageBrowser(app.test_client())
    other.sign_in(email=email)
    session = other.token.partition(".")[0]
    passwords = {"currentPassword": PASSWORD, "newPassword": f"{PASSWORD}x"}
    reset = {"token": "A" * 43, "password": PASSWORD}
    return get | {
        "POST /sign-in": lambda: browser.sign_in(email=email).status_code,
        "POST /sign-up": lambda: browser.sign_up(email=contact()["email"]).status_code,
        "POST /sign-out": partial(_post, browser, "/sign-out", {}),
        "POST /account/name": partial(_post, leaver, "/account/name", {"name": "Grace Hopper"}),
        "POST /account/password": partial(_post, leaver, "/account/password", passwords),
        "POST /account/sessions/{id}/end": partial(_post, browser, f"/account/sessions/{session}/end", {}),
        "POST /account/sessions/end-others": partial(_post, leaver, "/account/sessions/end-others", {}),
        "POST /account/delete": partial(_post, leaver, "/account/delete", {"deletePassword": f"{PASSWORD}x"}),
        "POST /account/sign-out-everywhere": partial(_post, browser, "/account/sign-out-everywhere", {}),
        "POST /account/verify-email": partial(_post, browser, "/account/verify-email", {"token": found[1]}),
        "POST /account/verify-email/resend": partial(_post, browser, "/account/verify-email/resend", {}),
        "POST /account/forgot-password": partial(_post, browser, "/account/forgot-password", {"email": email}),
        "POST /account/reset-password": partial(_post, browser, "/account/reset-password", reset),
    }


def _get(browser: PageBrowser, path: str) -> int:
    return browser.get(path).status_code


def _post(browser: PageBrowser, path: str, form: dict[str, str]) -> int:
    return browser.post(path, form).status_code
