"""Tour of all pages, for screenshots and for accessibility checks."""

from __future__ import annotations

import re
from typing import Protocol

from playwright.sync_api import Page

from tests.browser.backoffice.actions import log_in, open_view
from tests.browser.backoffice.history import BUSY_DATE
from tests.browser.booking_form import (
    BOOK_BUTTON,
    DATE,
    WAITLIST_BUTTON,
    fill_details,
    select_slot,
    wait_for_min_age,
)


class Recorder(Protocol):
    """Records each page of a tour."""

    @property
    def page(self) -> Page:
        """Return the page that the tour navigates."""

    def take(self, name: str) -> None:
        """Record the page as it is now, under `name`."""


def tour_pages(recorder: Recorder, *, free: str, full: str) -> None:
    """Visit every page for guests, in any language. `free` and `full` are slots of DATE, unchanged afterwards."""
    page = recorder.page
    page.goto("/")
    recorder.take("month")
    page.goto(f"/?date={DATE}")
    fill_details(page, email="ada@", phone="12")
    wait_for_min_age(page)
    page.locator(BOOK_BUTTON).click()
    page.locator("#summary").wait_for()
    recorder.take("refused")
    _tour_waiting_list(recorder, full)
    _tour_booking(recorder, free)
    _tour_links(recorder)
    page.goto(f"/bookings/{'0' * 32}")
    recorder.take("open")
    page.locator("#token").fill("wrong")
    page.locator("form[data-token-form] button").click()
    page.wait_for_url("**/open")
    recorder.take("no-such-booking")
    page.goto("/nowhere")
    recorder.take("not-found")


def tour_backoffice(recorder: Recorder) -> None:
    """Visit every view of the back office."""
    page = recorder.page
    page.goto("/admin")
    page.locator("#key").wait_for()
    recorder.take("backoffice-enter")
    log_in(page, f"/admin?date={BUSY_DATE}&sort=hour")
    recorder.take("backoffice-bookings")
    page.locator(".bookings-table .link-button").first.click()
    page.locator("#detail-title").wait_for()
    recorder.take("backoffice-detail")
    page.keyboard.press("Escape")
    for view in ("slots", "letters", "overview", "audit", "events"):
        open_view(page, view)
        recorder.take(f"backoffice-{view}")
    page.locator(".events-table a").first.click()
    page.locator("#event-cancel").wait_for()
    recorder.take("backoffice-event")
    page.locator("#event-edit").click()
    page.locator("#event-form").wait_for()
    recorder.take("backoffice-event-editor")


def _tour_waiting_list(recorder: Recorder, full: str) -> None:
    page = recorder.page
    page.goto(f"/?date={DATE}")
    select_slot(page, full)
    fill_details(page)
    wait_for_min_age(page)
    page.locator("#city").press("Enter")
    page.locator(".offers").wait_for()
    recorder.take("full")
    page.locator(WAITLIST_BUTTON).click()
    page.wait_for_url("**/waitlist/*")
    page.locator("summary").click()
    recorder.take("waiting")
    page.locator("dialog .button-danger").click()
    page.locator(".chip-ended").wait_for()
    recorder.take("left")


def _tour_booking(recorder: Recorder, free: str) -> None:
    page = recorder.page
    page.goto(f"/?date={DATE}")
    select_slot(page, free)
    fill_details(page)
    recorder.take("book")
    wait_for_min_age(page)
    page.locator(BOOK_BUTTON).click()
    page.wait_for_url("**/done")
    recorder.take("done")
    page.get_by_role("link", name=re.compile("Change or cancel|Ändern oder stornieren")).click()
    page.locator("#move > summary").click()
    page.locator(f"#move a[href*='date={DATE}']").click()
    page.locator("#move-hours input").first.click()
    page.locator("#move-hours button").click()
    page.locator(".success").wait_for()
    recorder.take("moved")
    page.reload()
    page.locator(".change:nth-of-type(2) summary").click()
    recorder.take("booking")
    page.locator("dialog .button-danger").click()
    page.locator(".chip-ended").wait_for()
    recorder.take("cancelled")


def _tour_links(recorder: Recorder) -> None:
    page = recorder.page
    page.goto("/find-booking")
    recorder.take("find-booking")
    page.locator("#email").fill("ada@example.org")
    page.locator("main .card form button").click()
    page.locator("main .card form").wait_for(state="detached")
    recorder.take("find-booking-sent")
