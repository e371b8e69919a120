"""Links of account e-mails in a browser: the token leaves the address, and only the button acts."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.account.actions import PASSWORD, mailed_link, new_email, sign_up
from tests.browser.conftest import Visit
from tests.conftest import Served


def test_verification_link_acts_by_its_button_only(visit: Visit, site: Served) -> None:
    page = visit()
    email = new_email()
    sign_up(page, email)
    link = mailed_link(site.db, email, "account_verification")
    scanner = visit()
    requested: list[str] = []
    scanner.on("request", lambda request: requested.append(request.url))

    scanner.goto(link, wait_until="networkidle")

    assert scanner.url == f"{site.url}/account/verify-email"
    assert not any("token" in url for url in requested)
    expect(scanner.locator("#token")).to_be_hidden()
    assert site.db.accounts.count_documents({"email": email, "emailVerified": True}) == 0
    scanner.get_by_role("button", name="Verify this address").click()
    scanner.get_by_role("heading", name="Your e-mail address is verified").wait_for()
    assert site.db.accounts.count_documents({"email": email, "emailVerified": True}) == 1


def test_link_is_pasted_without_scripts(visit: Visit, site: Served) -> None:
    page = visit(java_script_enabled=False)
    email = new_email()
    sign_up(page, email)
    link = mailed_link(site.db, email, "account_verification")
    page.goto(link)

    page.locator("#token").fill(f"{site.url}{link}")
    page.get_by_role("button", name="Verify this address").click()

    page.get_by_role("heading", name="Your e-mail address is verified").wait_for()


def test_forgotten_password_is_reset(visit: Visit, site: Served) -> None:
    page = visit()
    email = new_email()
    sign_up(page, email)
    other = visit()
    other.goto("/sign-in")
    other.get_by_role("link", name="Forgot your password?").click()
    other.locator("#email").fill(email)
    other.get_by_role("button", name="Send the link").click()
    other.get_by_role("heading", name="Look into your mailbox").wait_for()

    other.goto(mailed_link(site.db, email, "account_password_reset"))
    other.locator("#password").fill("short")
    other.get_by_role("button", name="Set the password").click()
    expect(other.locator("#password-error")).to_be_visible()
    expect(other.locator("#token")).to_be_hidden()
    other.locator("#password").fill(f"{PASSWORD}x")
    other.get_by_role("button", name="Set the password").click()

    other.get_by_role("heading", name="Your new password is set").wait_for()
    page.goto("/account")
    page.wait_for_url("**/sign-in")
