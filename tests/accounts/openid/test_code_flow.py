"""Authorization code flow with a real provider: the way there, the way back, and the cookie between them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask

from core.mongo.client import Db
from tests.accounts.openid.browser import START, Browser
from tests.accounts.openid.local_provider import LocalProvider

CALLBACK = f"{START}/callback"


def test_providers_are_listed_by_name(browser: Browser) -> None:
    assert browser.send("GET", "/api/auth/providers").json == {"data": ["acme"]}


def test_sign_in_begins_at_the_provider_with_pkce_state_and_nonce(browser: Browser, provider: LocalProvider) -> None:
    address = browser.begin()

    assert address.startswith(f"{provider.url}/oauth2/authorize?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["response_type"] == "code"
    assert asked["client_id"] == "booking"
    assert asked["redirect_uri"] == f"http://booking.example.org{CALLBACK}"
    assert asked["scope"] == "openid email profile"
    assert asked["code_challenge_method"] == "S256"
    assert {len(asked[name]) for name in ("state", "nonce", "code_challenge")} == {43}


def test_sign_in_ignores_the_host_of_the_request(browser: Browser) -> None:
    answer = browser.send("GET", START, headers={"Host": "evil.example"})

    assert "evil.example" not in answer.headers["Location"]
    assert "redirect_uri=http%3A%2F%2Fbooking.example.org%2F" in answer.headers["Location"]


def test_flow_cookie_is_narrow_short_lived_and_unreadable_for_scripts(browser: Browser) -> None:
    cookie = browser.cookies(browser.send("GET", START), "oidcFlow")[0]

    assert {"HttpOnly", "SameSite=Lax", f"Path={START}", "Max-Age=600"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_flow_cookie_is_secure_on_https(make_app: Callable[..., Flask], provider: LocalProvider) -> None:
    app = make_app(
        PUBLIC_URL="https://booking.example.org",
        OIDC_ACME_ISSUER=provider.url,
        OIDC_ACME_CLIENT_ID="booking",
        OIDC_ACME_CLIENT_SECRET="a secret",
    )
    browser = Browser(app.test_client(), provider)

    assert "Secure" in browser.cookies(browser.send("GET", START), "oidcFlow")[0]


def test_callback_signs_in_and_returns_to_the_page(browser: Browser, provider: LocalProvider, db: Db) -> None:
    answer = browser.sign_in(provider.add_person(), "/account?tab=2")

    assert (answer.status, answer.headers["Location"]) == (302, "/account?tab=2")
    assert "HttpOnly" in browser.cookies(answer, "refreshToken")[0]
    assert "Max-Age=0" in browser.cookies(answer, "oidcFlow")[0]
    user = browser.refresh().json["user"]
    assert (user["email"], user["name"], user["emailVerified"]) == ("ada@example.org", "Ada Lovelace", True)
    assert db.accounts.count_documents({"passwordHash": ""}) == 1


def test_callback_with_parameters_of_the_provider_ignores_them(browser: Browser, provider: LocalProvider) -> None:
    callback = browser.callback_of(provider.add_person())

    assert browser.send("GET", f"{callback}&authuser=0&prompt=consent&session_state=x").status == 302


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%09/evil.example\n",
        "javascript:alert(1)",
        "evil.example",
        "/\tevil",
    ],
)
def test_open_redirect_is_refused(browser: Browser, target: str) -> None:
    answer = browser.send("GET", START, query_string={"returnTo": target})

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert "returnTo" in answer.json["errors"]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/api/auth/oidc/other", "/api/auth/oidc/other/callback?state=x&code=y"])
def test_unknown_provider_is_not_found(browser: Browser, path: str) -> None:
    answer = browser.send("GET", path)

    assert (answer.status, answer.code) == (404, "provider_not_found")


def test_callback_of_another_browser_is_refused(
    browser: Browser, other_browser: Browser, provider: LocalProvider
) -> None:
    stolen = browser.callback_of(provider.add_person())
    other_browser.begin()

    answer = other_browser.send("GET", stolen)

    assert (answer.status, answer.code) == (400, "provider_sign_in_failed")
    assert browser.cookies(answer, "refreshToken") == []


@pytest.mark.parametrize("state", ["", "wrong", "é"])
def test_callback_with_a_wrong_state_is_refused(browser: Browser, provider: LocalProvider, db: Db, state: str) -> None:
    callback = browser.callback_of(provider.add_person())
    code = parse_qs(urlsplit(callback).query)["code"][0]

    answer = browser.send("GET", CALLBACK, query_string={"state": state, "code": code})

    assert (answer.status, answer.code) == (400, "provider_sign_in_failed")
    assert db.accounts.count_documents({}) == 0


def test_callback_without_the_cookie_is_refused(browser: Browser, provider: LocalProvider) -> None:
    callback = browser.callback_of(provider.add_person())
    browser.client.delete_cookie("oidcFlow", path=START)

    assert browser.send("GET", callback).code == "provider_sign_in_failed"


def test_callback_with_a_changed_cookie_is_refused(browser: Browser, provider: LocalProvider) -> None:
    callback = browser.callback_of(provider.add_person())
    cookie = browser.client.get_cookie("oidcFlow", path=START)
    assert cookie
    browser.client.set_cookie("oidcFlow", f"00{cookie.value}", path=START)

    assert browser.send("GET", callback).code == "provider_sign_in_failed"


def test_callback_after_ten_minutes_is_refused(make_app: Callable[..., Flask], provider: LocalProvider) -> None:
    clock = SettableClock(datetime.now(UTC))
    app = make_app(
        clock=clock.now,
        PUBLIC_URL="http://booking.example.org",
        OIDC_ACME_ISSUER=provider.url,
        OIDC_ACME_CLIENT_ID="booking",
        OIDC_ACME_CLIENT_SECRET="a secret",
    )
    browser = Browser(app.test_client(), provider)
    callback = browser.callback_of(provider.add_person())

    clock.moment += timedelta(minutes=10, seconds=1)

    assert browser.send("GET", callback).code == "provider_sign_in_failed"


def test_callback_repeated_is_refused(browser: Browser, provider: LocalProvider, db: Db) -> None:
    callback = browser.callback_of(provider.add_person())
    cookie = browser.client.get_cookie("oidcFlow", path=START)
    assert cookie
    assert browser.send("GET", callback).status == 302

    browser.client.set_cookie("oidcFlow", cookie.value, path=START)
    answer = browser.send("GET", callback)

    assert (answer.status, answer.code) == (400, "provider_sign_in_failed")
    assert db.sessions.count_documents({}) == 1


def test_code_with_the_verifier_of_another_flow_is_refused(browser: Browser, provider: LocalProvider) -> None:
    callback = browser.callback_of(provider.add_person())
    code = parse_qs(urlsplit(callback).query)["code"][0]
    state = parse_qs(urlsplit(browser.begin()).query)["state"][0]

    answer = browser.send("GET", CALLBACK, query_string={"state": state, "code": code})

    assert (answer.status, answer.code) == (400, "provider_sign_in_failed")


def test_control_code_without_a_verifier_is_refused(
    browser: Browser, provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    callback = browser.callback_of(provider.add_person())
    fetch = OAuth2Session.fetch_token
    monkeypatch.setattr(
        OAuth2Session, "fetch_token", lambda self, url, **options: fetch(self, url, **options | {"code_verifier": ""})
    )

    assert browser.send("GET", callback).code == "provider_sign_in_failed"


def test_refusal_by_the_person_is_answered(browser: Browser, provider: LocalProvider) -> None:
    address = browser.begin()
    state = parse_qs(urlsplit(address).query)["state"][0]
    # The provider's answer to a refusal lacks the state, which RFC 6749 requires.
    callback = provider.sign_in(address, "", action="deny") + f"&state={state}"

    answer = browser.send("GET", callback)

    assert "error=access_denied" in callback
    assert (answer.status, answer.code) == (400, "provider_sign_in_failed")


class SettableClock:
    """A clock that a test moves."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment
