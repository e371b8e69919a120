"""Sign-in in a browser: by a real provider, and by forms without scripts."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.accounts.openid.local_provider import LocalProvider
from tests.browser.account.actions import PASSWORD, new_email, sign_up
from tests.browser.conftest import Visit
from tests.conftest import Served


def test_sign_in_with_a_provider_opens_the_account(visit: Visit, provider: LocalProvider, site: Served) -> None:
    email = new_email()
    subject = provider.add_person(email, name="Grace Hopper")
    page = visit(other_site=provider.url)
    page.goto("/sign-in")

    page.get_by_role("link", name="Sign in with Acme").click()
    page.wait_for_url(f"{provider.url}/oauth2/authorize?**")
    page.locator("input[name=sub]").fill(subject)
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url("**/account")

    expect(page.locator(".account-card")).to_contain_text("Grace Hopper")
    assert page.url == f"{site.url}/account"
    assert page.evaluate("document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)") == "{}{}"
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies() if cookie["domain"] == "127.0.0.1"}
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in cookies.values())
    assert cookies.keys() == {"pageSession", "refreshToken"}
    account = site.db.accounts.find_one({"email": email})
    assert account
    assert account["identities"] == [{"issuer": provider.url, "subject": subject}]


def test_refused_provider_sign_in_leads_back_to_the_form(visit: Visit, provider: LocalProvider) -> None:
    page = visit(other_site=provider.url)
    page.goto("/sign-in")
    page.get_by_role("link", name="Sign in with Acme").click()

    page.get_by_role("button", name="Deny").click()

    page.get_by_role("heading", name="You are not signed in").wait_for()
    page.get_by_role("link", name="Back to the sign-in").click()
    page.wait_for_url("**/sign-in")


def test_account_pages_work_without_scripts(visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    email = new_email()
    sign_up(page, email)
    expect(page.locator(".account-card")).to_contain_text(email)

    page.locator("main").get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/sign-in")
    page.locator("#email").fill(email)
    page.locator("#password").fill("wrong 1")
    page.locator("main .card form button").click()
    expect(page.get_by_role("alert")).to_contain_text("E-mail address or password is wrong.")
    expect(page.locator("#email")).to_have_value(email)
    expect(page.locator("#password")).to_have_value("")
    page.locator("#password").fill(PASSWORD)
    page.locator("main .card form button").click()
    page.wait_for_url("**/account")


def test_account_menu_closes_by_keyboard_and_by_a_tap(visit: Visit) -> None:
    page = visit()
    sign_up(page, new_email())
    menu = page.locator(".account-menu")
    summary = menu.locator("summary")

    summary.press("Enter")
    expect(menu.get_by_role("link", name="My tickets")).to_be_visible()
    menu.get_by_role("link", name="My tickets").press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(summary).to_be_focused()

    summary.press("Enter")
    menu.get_by_role("button", name="Sign out").press("Tab")
    expect(menu).not_to_have_attribute("open", "")

    summary.click()
    page.mouse.click(5, 600)
    expect(menu).not_to_have_attribute("open", "")


def test_sign_out_is_seen_after_going_back(visit: Visit) -> None:
    page = visit()
    email = new_email()
    sign_up(page, email)
    page.locator("main").get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/sign-in")

    page.go_back()

    page.wait_for_url("**/sign-in")
    expect(page.get_by_text(email)).to_have_count(0)
