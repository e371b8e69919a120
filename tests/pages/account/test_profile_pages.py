"""The account's own page: name, password, sessions and deletion, with each refusal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from core.mongo.client import Db
from tests.pages.account.page_browser import EMAIL, PASSWORD, PageBrowser, shown

NEW_PASSWORD = "another horse 8"


def session_id(browser: PageBrowser) -> str:
    return browser.token.partition(".")[0]


@pytest.mark.parametrize("path", ["name", "password", "sessions/x/end", "sessions/end-others", "delete"])
def test_button_without_a_session_leads_to_the_sign_in(browser: PageBrowser, path: str) -> None:
    assert browser.post(f"/account/{path}").location == f"/sign-in?next=/account/{path}"
    assert browser.get(f"/account/{path}").location == "/account"


@pytest.mark.parametrize("path", ["name", "password", "sessions/x/end", "sessions/end-others", "delete"])
def test_form_of_another_site_is_refused(browser: PageBrowser, db: Db, path: str) -> None:
    browser.sign_up()
    form = {"name": "Eve", "deletePassword": PASSWORD}

    answer = browser.post(f"/account/{path}", form, **{"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert db.accounts.count_documents({"name": "Ada Lovelace"}) == 1


def test_name_is_changed(browser: PageBrowser) -> None:
    browser.sign_up()

    answer = browser.post("/account/name", {"name": " Grace Hopper "})

    assert answer.location == "/account?done=name"
    page = shown(browser.get(answer.location))
    assert "Your name is changed" in page
    assert "Grace Hopper" in page


@pytest.mark.parametrize("name", ["", "A", "x" * 81, "a\0b", "http://evil.example", "{'$gt': ''}" * 10])
def test_invalid_name_is_refused(browser: PageBrowser, db: Db, name: str) -> None:
    browser.sign_up()

    answer = browser.post("/account/name", {"name": name})

    assert answer.status_code == 400
    assert 'id="name-error"' in answer.text
    assert db.accounts.count_documents({"name": "Ada Lovelace"}) == 1


def test_password_is_changed_and_other_devices_are_signed_out(browser: PageBrowser, other_browser: PageBrowser) -> None:
    browser.sign_up()
    other_browser.sign_in()

    answer = browser.post("/account/password", {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD})

    assert answer.location == "/account?done=password"
    assert "Your password is changed" in shown(browser.get(answer.location))
    assert not other_browser.is_signed_in()
    assert other_browser.sign_in().status_code == 401
    assert other_browser.sign_in(password=NEW_PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("form", "field", "message", "status"),
    [
        ({"currentPassword": "wrong 1", "newPassword": NEW_PASSWORD}, "currentPassword", "not your password", 401),
        ({"currentPassword": "", "newPassword": NEW_PASSWORD}, "currentPassword", "present password", 400),
        ({"currentPassword": PASSWORD, "newPassword": ""}, "newPassword", "8 to 200 characters", 400),
        ({"currentPassword": PASSWORD, "newPassword": "short"}, "newPassword", "8 to 200 characters", 400),
        ({"currentPassword": PASSWORD, "newPassword": "a1\0" * 5}, "newPassword", "8 to 200 characters", 400),
        ({"currentPassword": PASSWORD, "newPassword": "password1"}, "newPassword", "most common", 400),
        ({"currentPassword": "x" * 5000, "newPassword": NEW_PASSWORD}, "currentPassword", "present password", 400),
    ],
)
def test_invalid_password_is_refused(
    browser: PageBrowser, form: dict[str, str], field: str, message: str, status: int
) -> None:
    browser.sign_up()

    answer = browser.post("/account/password", form)

    assert answer.status_code == status
    assert f'id="{field}-error"' in answer.text
    assert message in shown(answer)
    assert PASSWORD not in answer.text
    assert browser.sign_in().status_code == 303


def test_ten_wrong_passwords_are_limited(make_app: Callable[..., Flask]) -> None:
    browser = PageBrowser(make_app().test_client())
    browser.sign_up()
    form = {"deletePassword": "wrong 1"}
    statuses = [browser.post("/account/delete", form).status_code for _ in range(11)]

    assert statuses == [401] * 10 + [429]


def test_one_session_is_ended(browser: PageBrowser, other_browser: PageBrowser) -> None:
    browser.sign_up()
    other_browser.sign_in()

    answer = browser.post(f"/account/sessions/{session_id(other_browser)}/end")

    assert "The device is signed out" in shown(browser.get(answer.location))
    assert not other_browser.is_signed_in()
    assert browser.is_signed_in()
    assert browser.post("/account/sessions/x/end").location == "/account?done=session"


def test_own_session_that_is_ended_leads_to_the_sign_in(browser: PageBrowser) -> None:
    browser.sign_up()

    answer = browser.post(f"/account/sessions/{session_id(browser)}/end")

    assert answer.location == "/sign-in"
    assert not browser.is_signed_in()


def test_session_of_another_person_is_not_ended(browser: PageBrowser, other_browser: PageBrowser) -> None:
    browser.sign_up()
    other_browser.sign_up(email="grace@example.org")

    browser.post(f"/account/sessions/{session_id(other_browser)}/end")

    assert other_browser.is_signed_in()


def test_other_sessions_are_ended(browser: PageBrowser, other_browser: PageBrowser) -> None:
    browser.sign_up()
    other_browser.sign_in()

    answer = browser.post("/account/sessions/end-others")

    assert "All other devices are signed out" in shown(browser.get(answer.location))
    assert not other_browser.is_signed_in()
    assert browser.is_signed_in()


def test_account_is_deleted_with_its_password(browser: PageBrowser, db: Db) -> None:
    browser.sign_up()

    answer = browser.post("/account/delete", {"deletePassword": PASSWORD})

    assert answer.location == "/account/deleted"
    assert "Your account is deleted" in shown(browser.get(answer.location))
    assert browser.token == ""
    assert db.accounts.count_documents({}) == 0


@pytest.mark.parametrize(("password", "status"), [("", 400), ("wrong 1", 401), ("x" * 5000, 400)])
def test_account_is_not_deleted_without_its_password(browser: PageBrowser, db: Db, password: str, status: int) -> None:
    browser.sign_up()

    answer = browser.post("/account/delete", {"deletePassword": password})

    assert answer.status_code == status
    assert 'id="deletePassword-error"' in answer.text
    assert db.accounts.count_documents({"email": EMAIL}) == 1


def test_account_without_a_password_is_led_to_set_one(browser: PageBrowser, db: Db) -> None:
    browser.sign_up()
    db.accounts.update_one({}, {"$set": {"passwordHash": ""}})

    page = shown(browser.get("/account"))

    assert "there is no password yet" in page
    assert "deletePassword" not in page
    assert browser.post("/account/delete", {"deletePassword": PASSWORD}).status_code == 401


@pytest.mark.parametrize("done", ["x", "", "<b>", "name\0"])
def test_unknown_confirmation_is_ignored(browser: PageBrowser, done: str) -> None:
    browser.sign_up()

    answer = browser.get("/account", query_string={"done": done})

    assert answer.status_code == 200
    assert 'role="status"' not in answer.text


def test_navigation_shows_the_pages_of_a_signed_in_person(browser: PageBrowser) -> None:
    assert 'href="/my/orders"' not in browser.get("/").text

    browser.sign_up()

    page = browser.get("/").text
    assert all(f'href="{path}"' in page for path in ("/cart", "/my/bookings", "/my/orders", "/my/tickets", "/account"))
    assert 'action="/sign-out"' in page
