"""Sign-up, sign-in and sign-out by forms without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from core.mongo.client import Db
from tests.pages.account.page_browser import COOKIE, EMAIL, PASSWORD, PageBrowser, cookie_of, shown

# What browsers send with a form of another site; the oldest send an Origin only.
FOREIGN_HEADERS = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
)


def test_sign_up_creates_an_account_and_signs_in(browser: PageBrowser, db: Db) -> None:
    answer = browser.sign_up()

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in/done?next=/account&created=1")
    assert browser.get("/sign-in/done?next=/account").headers["Location"] == "/account"
    page = shown(browser.get("/account"))
    assert "Ada Lovelace" in page
    assert "not verified yet" in page
    assert db.letters.count_documents({"template": "account_verification"}) == 1


def test_page_cookie_is_unreadable_for_scripts(browser: PageBrowser) -> None:
    cookie = cookie_of(browser.sign_up())

    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_page_cookie_is_bound_to_the_host_on_https(make_app: Callable[..., Flask]) -> None:
    browser = PageBrowser(make_app(PUBLIC_URL="https://booking.example.org").test_client())

    cookie = cookie_of(browser.sign_up(), f"__Host-{COOKIE}")

    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Secure"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_pages_contain_no_token(browser: PageBrowser, db: Db) -> None:
    answer = browser.sign_up()
    session = db.sessions.find_one()
    assert session

    pages = answer.text + browser.get("/sign-in/done").text + browser.get("/account").text

    assert browser.token not in pages
    assert browser.token.partition(".")[2] not in str(session)
    assert "refreshToken" not in str(answer.headers)
    assert not re.search(r"eyJ[\w-]+\.", pages + str(answer.headers))


@pytest.mark.parametrize("cased", [EMAIL, " ADA@Example.org "])
def test_sign_in_opens_the_account(browser: PageBrowser, other_browser: PageBrowser, cased: str) -> None:
    browser.sign_up()

    assert other_browser.sign_in(email=cased).status_code == 303
    assert other_browser.is_signed_in()


def test_sign_in_returns_to_the_page_that_asked(browser: PageBrowser) -> None:
    assert 'name="next" value="/?date=2026-03-05"' in browser.get("/sign-in?next=/?date%3D2026-03-05").text
    browser.sign_up()

    browser.sign_in(next="/?date=2026-03-05")

    assert browser.get("/sign-in/done?next=/?date%3D2026-03-05").headers["Location"] == "/?date=2026-03-05"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""],
)
def test_sign_in_to_a_foreign_target_goes_to_the_account(browser: PageBrowser, target: str) -> None:
    browser.sign_up()

    answer = browser.sign_in(next=target)

    assert answer.headers["Location"] == "/sign-in/done?next=/account"
    assert browser.get("/sign-in/done", query_string={"next": target}).headers["Location"] == "/account"


@pytest.mark.parametrize(
    ("email", "password"),
    [(EMAIL, "correct horse 8"), ("eve@example.org", PASSWORD), (EMAIL, f"{PASSWORD} "), (EMAIL, "short")],
)
def test_wrong_credentials_are_refused_alike(
    browser: PageBrowser, other_browser: PageBrowser, email: str, password: str
) -> None:
    browser.sign_up()

    answer = other_browser.sign_in(email=email, password=password)

    assert answer.status_code == 401
    assert "E-mail address or password is wrong." in shown(answer)
    assert password not in answer.text
    assert f'value="{email}"' in answer.text
    assert other_browser.token == ""


@pytest.mark.parametrize(
    ("path", "form", "fields"),
    [
        ("/sign-in", {}, ["email", "password"]),
        ("/sign-in", {"email": "ada", "password": "x"}, ["email"]),
        ("/sign-up", {}, ["name", "email", "password"]),
        ("/sign-up", {"name": "A", "email": EMAIL, "password": PASSWORD}, ["name"]),
        ("/sign-up", {"name": "Ada", "email": EMAIL, "password": "short"}, ["password"]),
        ("/sign-up", {"name": "Ada", "email": EMAIL, "password": "password1"}, ["password"]),
        ("/account/forgot-password", {"email": ""}, ["email"]),
        ("/account/verify-email", {}, ["token"]),
        ("/account/verify-email", {"token": "a" * 43}, ["token"]),
        ("/account/reset-password", {"token": "x" * 300}, ["token", "password"]),
        ("/account/reset-password", {"token": "x", "password": PASSWORD}, ["token"]),
    ],
)
def test_invalid_form_is_shown_again_with_messages(
    browser: PageBrowser, path: str, form: dict[str, str], fields: list[str]
) -> None:
    answer = browser.post(path, form)

    assert answer.status_code == 400
    assert re.findall(r'id="(\w+)-error"', answer.text) == fields
    assert re.findall(r'aria-invalid="true"', answer.text) == ['aria-invalid="true"'] * len(fields)


def test_taken_address_is_shown_beside_its_field(browser: PageBrowser, other_browser: PageBrowser) -> None:
    browser.sign_up()

    answer = other_browser.sign_up(email="ADA@example.org")

    assert answer.status_code == 409
    assert re.findall(r'id="(\w+)-error"', answer.text) == ["email"]


def test_ten_wrong_passwords_lock_the_form(browser: PageBrowser, other_browser: PageBrowser) -> None:
    browser.sign_up()
    for _ in range(10):
        assert other_browser.sign_in(password="wrong 1").status_code == 401

    answer = other_browser.sign_in()

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too many requests" in shown(answer)


def test_navigation_folds_the_pages_of_the_account(browser: PageBrowser) -> None:
    browser.sign_up()

    menu = re.search(r"<details class=.account-menu.>.*?</details>", browser.get("/events").text, re.DOTALL)

    assert menu
    paths = re.findall(r"(?:href|action)=\"([^\"]+)", menu[0])
    assert paths == ["/my/bookings", "/my/orders", "/my/tickets", "/account", "/sign-out"]


def test_guest_has_no_account_menu_but_a_way_to_bookings(browser: PageBrowser) -> None:
    page = browser.get("/events").text

    assert "account-menu" not in page
    assert 'href="/find-booking"' in browser.get("/").text
    assert 'href="/sign-in"' in page


def test_sign_out_ends_the_session(browser: PageBrowser, db: Db) -> None:
    browser.sign_up()
    token = browser.token

    answer = browser.post("/sign-out")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert db.sessions.count_documents({}) == 0
    browser.set_token(token)
    assert not browser.is_signed_in()


def test_sign_out_without_a_session_is_no_error(browser: PageBrowser) -> None:
    assert browser.post("/sign-out").status_code == 303
    browser.set_token("x.y")
    assert browser.post("/sign-out").status_code == 303


def test_sign_out_everywhere_ends_every_session(browser: PageBrowser, other_browser: PageBrowser) -> None:
    browser.sign_up()
    other_browser.sign_in()
    assert "Signed in on 2 devices" in browser.get("/account").text

    browser.post("/account/sign-out-everywhere")

    assert not browser.is_signed_in()
    assert not other_browser.is_signed_in()


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in",
        "/sign-up",
        "/sign-out",
        "/account/sign-out-everywhere",
        "/account/verify-email",
        "/account/verify-email/resend",
        "/account/forgot-password",
        "/account/reset-password",
    ],
)
def test_form_of_another_site_is_refused(browser: PageBrowser, db: Db, path: str) -> None:
    browser.sign_up()
    form = {"email": EMAIL, "password": PASSWORD, "name": "Eve", "token": "x"}

    for headers in FOREIGN_HEADERS:
        answer = browser.post(path, form, **headers)
        assert answer.status_code == 403, headers
        assert cookie_of(answer) == ""

    assert db.sessions.count_documents({}) == 1


@pytest.mark.parametrize("path", ["/sign-out", "/account/sign-out-everywhere", "/account/verify-email/resend"])
def test_address_of_a_button_changes_nothing_by_get(browser: PageBrowser, path: str) -> None:
    browser.sign_up()

    assert browser.get(path).headers["Location"] == "/account"
    assert browser.is_signed_in()


def test_browser_that_blocks_cookies_gets_an_explanation(app: Flask) -> None:
    browser = PageBrowser(app.test_client(use_cookies=False))
    location = browser.sign_up().headers["Location"]

    answer = browser.get(location)

    assert answer.status_code == 200
    assert "did not keep the cookie" in shown(answer)


def test_account_without_a_session_leads_to_the_sign_in(browser: PageBrowser) -> None:
    assert browser.get("/account").headers["Location"] == "/sign-in"
    assert browser.post("/account/verify-email/resend").headers["Location"] == "/sign-in"


def test_pages_are_in_the_language_of_the_browser(browser: PageBrowser, db: Db) -> None:
    answer = browser.get("/sign-in", headers={"Accept-Language": "de"})
    assert "<h1>Anmelden</h1>" in answer.text
    assert answer.headers["Content-Language"] == "de"

    browser.post("/sign-up", {"name": "Ada", "email": EMAIL, "password": PASSWORD}, **{"Accept-Language": "de"})

    account = db.accounts.find_one()
    assert account
    assert account["language"] == "de"


def test_pages_need_no_script_and_keep_the_content_policy(browser: PageBrowser) -> None:
    for path in ("/sign-in", "/sign-up", "/account/forgot-password"):
        answer = browser.get(path)
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "purpose"),
    [
        ("/sign-in", "current-password"),
        ("/sign-up", "new-password"),
        ("/account/reset-password", "new-password"),
    ],
)
def test_password_fields_are_masked_and_named_for_managers(browser: PageBrowser, path: str, purpose: str) -> None:
    field = re.search(r'<input id="password"[^>]*>', browser.get(path).text)

    assert field
    assert 'type="password"' in field[0]
    assert f'autocomplete="{purpose}"' in field[0]


def test_password_of_two_hundred_characters_signs_in(browser: PageBrowser, other_browser: PageBrowser) -> None:
    password = "pass phrase 7é" + " x" * 93
    assert browser.sign_up(password=password).status_code == 303

    assert other_browser.sign_in(password=password).status_code == 303
    assert other_browser.sign_in(password=password[:-1]).status_code == 401
