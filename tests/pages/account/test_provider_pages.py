"""Sign-in with a provider on the pages: the page session, and refusals as pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.accounts.openid.browser import START, Browser
from tests.accounts.openid.local_provider import LocalProvider, running_provider
from tests.pages.account.page_browser import PageBrowser, cookie_of, shown


@pytest.fixture(scope="module")
def provider() -> Iterator[LocalProvider]:
    with running_provider() as running:
        yield running


@pytest.fixture
def app(make_app: Callable[..., Flask], provider: LocalProvider) -> Flask:
    return make_app(OIDC_ACME_ISSUER=provider.url, OIDC_ACME_CLIENT_ID="booking", OIDC_ACME_CLIENT_SECRET="a secret")


def test_sign_in_page_links_to_every_provider(browser: PageBrowser) -> None:
    page = browser.get("/sign-in?next=/%3Fdate%3D2026-03-05").text

    assert f'href="{START}?returnTo=/?date%3D2026-03-05"' in page
    assert "Sign in with Acme" in page


def test_provider_sign_in_begins_a_page_session(browser: PageBrowser, provider: LocalProvider) -> None:
    subject = provider.add_person()
    flow = Browser(browser.client, provider)

    answer = flow.sign_in(subject, "/account")

    assert answer.headers["Location"] == "/account"
    assert "Ada Lovelace" in browser.get("/account").text


def test_refusal_is_a_page_for_browsers(browser: PageBrowser) -> None:
    answer = browser.get(f"{START}/callback?error=access_denied&state=x", headers={"Accept-Language": "de"})

    assert answer.status_code == 400
    assert answer.mimetype == "text/html"
    assert "Die Anmeldung wurde nicht abgeschlossen" in shown(answer)
    assert 'href="/sign-in"' in answer.text
    assert {"Accept", "Accept-Language"} <= set(answer.vary)
    assert cookie_of(answer) == ""


def test_refusal_of_a_provider_that_is_away_says_when_to_come_back(
    browser: PageBrowser, make_app: Callable[..., Flask]
) -> None:
    app = make_app(OIDC_ACME_ISSUER="http://127.0.0.1:9", OIDC_ACME_CLIENT_ID="b", OIDC_ACME_CLIENT_SECRET="s")

    answer = PageBrowser(app.test_client()).get(START)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "does not answer at the moment" in shown(answer)


def test_refusal_is_problem_details_for_programs(app: Flask) -> None:
    answer = app.test_client().get(f"{START}/callback?error=access_denied&state=x")

    assert answer.mimetype == "application/problem+json"
    assert "Accept" in answer.vary
