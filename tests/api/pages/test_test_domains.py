"""E-mail addresses in test domains: refused with their reason by the API and by the page."""

from __future__ import annotations

import pytest

from tests.api.booking_requests import refused
from tests.api.pages.page_browser import DATE, Browser, wrong
from tests.api_client import Api


@pytest.mark.parametrize("domain", ["test", "local"])
def test_test_domain_is_refused_with_its_reason(browser: Browser, api: Api, domain: str) -> None:
    slot = api.slots(DATE)[0]
    email = f"Ada@mail.{domain}"
    reason = f"Addresses in the test domain .{domain} receive no e-mail."

    booked = api.book(slot, email=email)
    form = browser.send(browser.form(slot, email=email))

    refused(booked, "email")
    assert booked.json["message"] == f"E-mail: {reason}"
    assert wrong(form.text, "email") == reason
