"""Unsaved input of the event editor: the page asks before it is left."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.backoffice.actions import open_view, query_of, wait_until_rendered
from tests.browser.backoffice.event_actions import SAVE, open_editor, open_event
from tests.browser.conftest import Visit
from tests.conftest import Served
from tests.event_calls import create_event


def press_tab(page: Page) -> None:
    page.locator("[data-view=slots]").click()


def press_leave(page: Page) -> None:
    page.locator("#editor-leave").click()


def press_back(page: Page) -> None:
    page.evaluate("history.back()")


@pytest.mark.parametrize("leave", [press_tab, press_leave, press_back])
@pytest.mark.parametrize("width", [375, 1280])
def test_leaving_unsaved_input_is_confirmed(
    visit: Visit, site: Served, width: int, leave: Callable[[Page], None]
) -> None:
    event = create_event(site.api)
    page = visit(width)
    open_event(page, event)
    page.locator("#event-edit").click()
    page.locator("#event-title").fill("My title")
    address = page.url

    leave(page)
    expect(page.locator("#confirm")).to_contain_text("What you have typed is lost.")
    page.locator("#confirm-no").click()
    expect(page.locator("#confirm")).to_be_hidden()
    expect(page).to_have_url(address)
    expect(page.locator("#event-title")).to_have_value("My title")
    leave(page)
    page.locator("#confirm-yes").click()

    expect(page.locator("#event-form")).to_have_count(0)
    wait_until_rendered(page)
    assert page.url != address


def test_leaving_unchanged_or_saved_input_asks_nothing(visit: Visit, site: Served) -> None:
    event = create_event(site.api)
    page = visit(1280)
    open_editor(page, event)

    open_view(page, "slots")
    expect(page.locator(".slots-table")).to_be_visible()
    page.goto(f"/admin?view=events&event={event['id']}&edit=1")
    page.locator("#event-title").fill("My title")
    page.locator(SAVE).click()
    expect(page.locator("#notice")).to_have_text("Saved.")

    assert query_of(page) == f"view=events&event={event['id']}"


def test_reload_with_unsaved_input_is_asked_by_the_browser(visit: Visit, site: Served) -> None:
    event = create_event(site.api)
    page = visit(1280)
    open_editor(page, event)
    kinds: list[str] = []

    def accept(dialog: Dialog) -> None:
        kinds.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    page.reload()
    page.locator("#event-title").wait_for()
    assert kinds == []
    # A browser asks only on a page that was used.
    page.locator("#event-title").click()
    page.keyboard.type("My ")
    page.reload()

    expect(page.locator("#event-title")).to_have_value(event["title"])
    assert kinds == ["beforeunload"]
