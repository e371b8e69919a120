"""Pages of the links in account e-mails: opening one changes nothing, the button does."""

from __future__ import annotations

import re
import time

import pytest

from core.mongo.client import Db
from tests.accounts.conftest import mailed_token
from tests.pages.account.page_browser import EMAIL, PageBrowser, shown


def wait_for_reset_token(db: Db) -> str:
    """Return the token of the e-mail, which is written after the answer."""
    end = time.monotonic() + 5
    while not db.letters.find_one({"template": "account_password_reset"}) and time.monotonic() < end:
        time.sleep(0.02)
    return mailed_token(db, "account_password_reset")


def test_verification_link_verifies_by_its_button_only(browser: PageBrowser, db: Db) -> None:
    browser.sign_up()
    token = mailed_token(db, "account_verification")
    assert browser.get(f"/account/verify-email?token={token}").status_code == 200
    assert db.accounts.count_documents({"emailVerified": True}) == 0

    answer = browser.post("/account/verify-email", {"token": token})

    assert "Your e-mail address is verified" in shown(answer)
    assert db.accounts.count_documents({"emailVerified": True}) == 1
    assert "verified" in shown(browser.get("/account"))


def test_used_link_is_refused(browser: PageBrowser, db: Db) -> None:
    browser.sign_up()
    form = {"token": mailed_token(db, "account_verification")}
    browser.post("/account/verify-email", form)

    answer = browser.post("/account/verify-email", form)

    assert answer.status_code == 400
    assert "used already or is too old" in shown(answer)


@pytest.mark.parametrize(
    "pasted",
    [
        "{token}",
        " {token} ",
        "#token={token}",
        "http://127.0.0.1:8000/account/verify-email#token={token}",
        "http://127.0.0.1:8000/account/verify-email%23token%3D{token}",
        "<http://127.0.0.1:8000/account/verify-email#token={token}>.",
        "https://scanner.example/?url=http%3A%2F%2Fx%2Faccount%2Fverify-email%2523token%253D{token}",
    ],
)
def test_link_is_understood_however_it_was_copied(browser: PageBrowser, db: Db, pasted: str) -> None:
    browser.sign_up()
    token = mailed_token(db, "account_verification")

    answer = browser.post("/account/verify-email", {"token": pasted.format(token=token)})

    assert answer.status_code == 200, shown(answer)


@pytest.mark.parametrize("page", ["verify-email", "reset-password"])
@pytest.mark.parametrize("separator", ["%23token=", "/%23token=", "%2523token%253D"])
def test_link_whose_fragment_is_in_the_path_fills_in_the_token(browser: PageBrowser, page: str, separator: str) -> None:
    answer = browser.get(f"/account/{page}{separator}{'t' * 43}")

    assert answer.status_code == 200
    assert re.search(rf'action="/account/{page}"', answer.text)
    assert f'value="{"t" * 43}"' in answer.text


@pytest.mark.parametrize("path", ["/account/nothing", "/account/verify-email/x", "/account/other%23token=" + "t" * 43])
def test_other_path_is_not_found(browser: PageBrowser, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_forgotten_password_is_reset_by_the_link(browser: PageBrowser, other_browser: PageBrowser, db: Db) -> None:
    browser.sign_up()
    requested = other_browser.post("/account/forgot-password", {"email": EMAIL})
    assert "Look into your mailbox" in shown(requested)

    form = {"token": wait_for_reset_token(db), "password": "another horse 8"}
    answer = other_browser.post("/account/reset-password", form)

    assert "Your new password is set" in shown(answer)
    assert not browser.is_signed_in()
    assert browser.sign_in().status_code == 401
    assert browser.sign_in(password="another horse 8").status_code == 303


def test_unknown_address_gets_the_same_page(browser: PageBrowser, db: Db) -> None:
    browser.sign_up()

    known = browser.post("/account/forgot-password", {"email": EMAIL})
    unknown = browser.post("/account/forgot-password", {"email": "eve@example.org"})

    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)


def test_verification_is_sent_again(browser: PageBrowser, db: Db) -> None:
    browser.sign_up()
    first = mailed_token(db, "account_verification")

    answer = browser.post("/account/verify-email/resend")

    assert "The e-mail is on its way" in shown(browser.get(answer.location))
    assert browser.post("/account/verify-email", {"token": first}).status_code == 400
    second = mailed_token(db, "account_verification")
    assert browser.post("/account/verify-email", {"token": second}).status_code == 200


def test_verification_sent_too_often_is_limited(browser: PageBrowser) -> None:
    browser.sign_up()
    for _ in range(10):
        assert browser.post("/account/verify-email/resend").status_code == 303

    answer = browser.post("/account/verify-email/resend")

    assert answer.status_code == 429
    assert "Retry-After" in answer.headers
