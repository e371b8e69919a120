"""What people do on the account pages, in any language."""

from __future__ import annotations

import re
import time
import uuid

from playwright.sync_api import Page

from core.mongo.client import Db

PASSWORD = "correct horse 7"
ACCOUNT = re.compile(r"/account(\?created=1)?$")
TOKEN_LINK = re.compile(r"(/account/[a-z-]+#token=[A-Za-z0-9_-]{43})")


def new_email() -> str:
    return f"ada.{uuid.uuid4().hex[:8]}@example.org"


def sign_up(page: Page, email: str) -> None:
    """Create an account by the form and wait for its page."""
    page.goto("/sign-up")
    page.locator("#name").fill("Ada Lovelace")
    page.locator("#email").fill(email)
    page.locator("#password").fill(PASSWORD)
    page.locator("main .card form button").click()
    page.wait_for_url(ACCOUNT)


def mailed_link(db: Db, email: str, template: str, seconds: float = 10.0) -> str:
    """Return path and fragment of the link in the newest e-mail of `template` to `email`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        row = db.letters.find_one({"to": email, "template": template}, sort=[("createdAt", -1)])
        found = TOKEN_LINK.search(str(row))
        if found:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"no e-mail {template} to {email}")
