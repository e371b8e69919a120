"""Page sessions: rotated at sign-in and when privileges change, and ended with their session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from accounts import page_sessions
from accounts.page_sessions import PageSessions
from core.mongo.client import Db
from core.web.context import runtime_of
from tests.pages.account.page_browser import EMAIL, PASSWORD, PageBrowser, cookie_of


class SettableClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def app(make_app: Callable[..., Flask], clock: SettableClock) -> Flask:
    return make_app(clock=clock.now)


def access_token(browser: PageBrowser) -> str:
    body = {"email": EMAIL, "password": PASSWORD}
    return str(browser.client.post("/api/auth/login", json=body).get_json()["accessToken"])


def test_sign_in_replaces_the_session_of_the_browser(browser: PageBrowser, db: Db) -> None:
    browser.sign_up()
    first = browser.token

    browser.sign_in()

    assert browser.token != first
    assert db.sessions.count_documents({}) == 1
    browser.set_token(first)
    assert not browser.is_signed_in()


def test_token_that_a_stranger_has_planted_is_not_adopted(
    browser: PageBrowser, other_browser: PageBrowser, db: Db
) -> None:
    browser.sign_up(email="eve@example.org")
    planted = browser.token
    other_browser.set_token(planted)

    other_browser.sign_up()

    assert other_browser.token != planted
    browser.set_token(planted)
    assert not browser.is_signed_in()


@pytest.mark.parametrize(
    "change",
    [{"role": "admin"}, {"emailVerified": True}, {"passwordHash": "another"}],
    ids=lambda change: next(iter(change)),
)
def test_change_of_privileges_rotates_the_token(browser: PageBrowser, db: Db, change: dict[str, object]) -> None:
    browser.sign_up()
    before = browser.token
    db.accounts.update_one({}, {"$set": change})

    answer = browser.get("/account")

    assert answer.status_code == 200
    assert "HttpOnly" in cookie_of(answer)
    assert browser.token != before
    assert browser.token.partition(".")[0] == before.partition(".")[0]
    assert cookie_of(browser.get("/account")) == ""


def test_rotated_token_is_valid_for_requests_on_their_way_only(
    browser: PageBrowser, other_browser: PageBrowser, db: Db, clock: SettableClock
) -> None:
    browser.sign_up()
    before = browser.token
    db.accounts.update_one({}, {"$set": {"role": "admin"}})
    browser.get("/account")

    other_browser.set_token(before)
    answer = other_browser.get("/account")
    assert answer.status_code == 200
    assert cookie_of(answer) == ""
    clock.moment += page_sessions.GRACE + timedelta(seconds=1)

    assert not other_browser.is_signed_in()
    assert browser.is_signed_in()


def test_control_without_rotation_the_old_token_stays_valid(
    browser: PageBrowser, db: Db, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PageSessions, "_rotate", lambda *_: "")
    browser.sign_up()
    before = browser.token
    db.accounts.update_one({}, {"$set": {"role": "admin"}})
    browser.get("/account")
    clock.moment += page_sessions.GRACE + timedelta(seconds=1)

    assert browser.token == before
    assert browser.is_signed_in()


def test_disabled_account_is_signed_out_at_once(browser: PageBrowser, db: Db) -> None:
    browser.sign_up()
    db.accounts.update_one({}, {"$set": {"disabled": True}})

    assert not browser.is_signed_in()


def test_deleted_account_is_signed_out_at_once(browser: PageBrowser, db: Db) -> None:
    browser.sign_up()
    db.accounts.delete_many({})

    assert not browser.is_signed_in()


def test_sign_out_everywhere_by_the_api_ends_the_page_session(browser: PageBrowser, app: Flask) -> None:
    browser.sign_up()
    api = PageBrowser(app.test_client())
    bearer = {"Authorization": f"Bearer {access_token(api)}"}

    assert api.client.delete("/api/auth/sessions", headers=bearer).status_code == 204

    assert not browser.is_signed_in()


def test_password_change_by_the_api_ends_the_page_session(browser: PageBrowser, app: Flask) -> None:
    browser.sign_up()
    api = PageBrowser(app.test_client())
    body = {"currentPassword": PASSWORD, "password": "another horse 8"}
    bearer = {"Authorization": f"Bearer {access_token(api)}"}

    assert api.client.patch("/api/auth/me", json=body, headers=bearer).status_code == 200

    assert not browser.is_signed_in()


def test_session_ends_seven_days_after_its_last_use(browser: PageBrowser, clock: SettableClock) -> None:
    browser.sign_up()
    clock.moment += timedelta(days=6)
    assert browser.is_signed_in()
    clock.moment += timedelta(days=6)
    assert browser.is_signed_in()
    clock.moment += timedelta(days=7, seconds=1)

    assert not browser.is_signed_in()


@pytest.mark.parametrize("token", ["", "x", "{id}.", "{id}.{other}", "{other}", "{id}.{secret}x", "{id}.{secret}\0"])
def test_token_that_is_none_opens_nothing(browser: PageBrowser, token: str) -> None:
    browser.sign_up()
    session_id, _, secret = browser.token.partition(".")

    browser.set_token(token.format(id=session_id, secret=secret, other="A" * 43))

    assert not browser.is_signed_in()


def test_page_token_is_no_refresh_token_and_vice_versa(browser: PageBrowser, app: Flask, db: Db) -> None:
    browser.sign_up()
    client = app.test_client()
    client.set_cookie("refreshToken", browser.token, path="/api/auth")
    assert client.post("/api/auth/refresh").status_code == 401
    client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
    refresh = client.get_cookie("refreshToken", path="/api/auth")
    assert refresh

    browser.set_token(refresh.value)

    assert not browser.is_signed_in()


def test_page_cookie_opens_no_endpoint_of_the_api(browser: PageBrowser) -> None:
    browser.sign_up()

    for path in ("/api/auth/me", "/api/auth/sessions"):
        assert browser.get(path).status_code == 401


def test_eight_requests_at_once_rotate_once(browser: PageBrowser, app: Flask, db: Db) -> None:
    browser.sign_up()
    db.accounts.update_one({}, {"$set": {"role": "admin"}})
    sessions = runtime_of(app).get(PageSessions)

    visits = [sessions.find(browser.token) for _ in range(8)]

    assert [visit is not None for visit in visits] == [True] * 8
    assert len([visit for visit in visits if visit and visit.new_token]) == 1
