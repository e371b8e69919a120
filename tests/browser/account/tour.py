"""Tour of the account pages, for screenshots and for accessibility checks."""

from __future__ import annotations

from tests.browser.account.actions import new_email, sign_up
from tests.browser.page_tour import Recorder

SUBMIT = "main .card form button"
FORMS = {
    "sign-in": "/sign-in",
    "sign-up": "/sign-up",
    "forgot-password": "/account/forgot-password",
    "reset-password": "/account/reset-password",
}
PAGES = {
    *FORMS,
    *(f"{name}-refused" for name in FORMS),
    *("account", "account-refused", "account-sent", "verify-email", "account-notice"),
}


def tour_account(recorder: Recorder) -> None:
    """Visit every page of accounts, in any language."""
    page = recorder.page
    for name, path in FORMS.items():
        page.goto(path)
        recorder.take(name)
        page.locator(SUBMIT).click()
        page.locator("[role=alert]").wait_for()
        recorder.take(f"{name}-refused")
    email = new_email()
    sign_up(page, email)
    for summary in page.locator("summary").all():
        summary.click()
    recorder.take("account")
    page.locator("form:has(#newPassword) button").click()
    page.locator("[role=alert]").wait_for()
    recorder.take("account-refused")
    page.locator(".account-verify button").click()
    page.locator("[role=status]").wait_for()
    recorder.take("account-sent")
    page.goto("/account/verify-email")
    recorder.take("verify-email")
    page.goto("/account/forgot-password")
    page.locator("#email").fill(email)
    page.locator(SUBMIT).click()
    page.locator(SUBMIT).wait_for(state="detached")
    recorder.take("account-notice")
