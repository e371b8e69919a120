"""Accessibility of the back office: axe, focus, layout stability, narrow screens, and German."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import axe_violations, dark_violations, overflows
from tests.browser.backoffice.actions import VIEWS, WIDTHS, control_boxes, log_in, open_view
from tests.browser.backoffice.event_actions import buy_tickets
from tests.browser.backoffice.history import UNUSUAL_NAMES_DATE
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_to
from tests.conftest import Served
from tests.event_calls import create_event

FOCUSABLE = (
    ".skip", "[data-view=slots]", "#name", "#find", "#download", "#sort-name", ".bookings-table .link-button", "#next",
)  # fmt: skip
OUTLINE = "element => [getComputedStyle(element).outlineStyle, getComputedStyle(element).outlineWidth]"
DOCUMENT_HEIGHT = "document.documentElement.scrollHeight"
# Shows a text in the notice. Returns whether the notice receives clicks; for an empty text, the notice's height.
SET_NOTICE = """text => {
  const notice = document.querySelector("#notice");
  notice.textContent = text;
  const { x, y, width, height } = notice.getBoundingClientRect();
  return text ? document.elementFromPoint(x + width / 2, y + height / 2) === notice : height;
}"""


def test_focus_is_visible_on_every_control(visit: Visit) -> None:
    page = visit(1280)
    log_in(page)

    for selector in FOCUSABLE:
        page.locator("body").evaluate("document.activeElement.blur()")
        tab_to(page, selector)
        style, width = page.locator(":focus").evaluate(OUTLINE)
        assert style != "none", selector
        assert float(width.removesuffix("px")) >= 2, selector


def test_skip_link_focuses_the_content_without_loading(visit: Visit) -> None:
    page = visit(375)
    log_in(page)
    page.locator("body").evaluate("document.activeElement.blur()")
    page.locator("#name").fill("hop")

    tab_to(page, ".skip")
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()
    expect(page.locator("#view")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#name")).to_have_value("hop")


@pytest.mark.parametrize("language", ["en-GB", "de-DE"])
def test_current_tab_is_in_view_on_a_phone(visit: Visit, language: str) -> None:
    page = visit(320, locale=language)
    log_in(page, "/admin?view=audit")

    for view in ("audit", "bookings", "overview"):
        open_view(page, view)
        expect(page.locator(f"[data-view={view}]")).to_be_in_viewport(ratio=1)
    assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize("view", VIEWS)
def test_notice_moves_nothing_and_takes_no_click(visit: Visit, view: str) -> None:
    for width in WIDTHS:
        page = visit(width)
        log_in(page, f"/admin?view={view}")
        height = page.evaluate(DOCUMENT_HEIGHT)
        boxes = control_boxes(page)

        assert page.evaluate(SET_NOTICE, "A sentence that is so long that it needs several lines. " * 4) is False
        expect(page.locator("#notice")).to_be_in_viewport()
        assert (page.evaluate(DOCUMENT_HEIGHT), control_boxes(page)) == (height, boxes)
        assert page.evaluate(SET_NOTICE, "") == 0
        assert (page.evaluate(DOCUMENT_HEIGHT), control_boxes(page)) == (height, boxes)


def tour_views(page: Page) -> Iterator[str]:
    """Show one view or dialog after the other; yields their names."""
    page.goto("/admin")
    page.locator("#key").wait_for()
    yield "login"
    log_in(page)
    yield "bookings"
    page.locator(".bookings-table .link-button").first.click()
    page.locator("#detail-title").wait_for()
    yield "detail"
    page.keyboard.press("Escape")
    page.goto("/admin?status=confirmed&name=hop")
    page.locator(".bookings-table .link-button").first.click()
    page.locator("#cancel").click()
    page.locator("#confirm-title").wait_for()
    yield "confirm"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    for view in ("slots", "letters", "overview", "audit"):
        open_view(page, view)
        for table in page.locator("details summary").all():
            table.click()
        yield view
    yield from tour_event_views(page)


def tour_event_views(page: Page) -> Iterator[str]:
    """Show the events, one of them with its dialog, and its editor with messages; yields their names."""
    open_view(page, "events")
    yield "events"
    page.locator(".events-table a").first.click()
    page.locator("#event-cancel").click()
    page.locator("#confirm-title").wait_for()
    yield "event-confirm"
    page.keyboard.press("Escape")
    yield "event"
    page.locator("#event-edit").click()
    page.locator("#tier-add").click()
    page.locator("#event-title").fill("")
    page.locator("#event-save").click()
    page.locator(".field-error").first.wait_for()
    yield "event-editor"


def test_views_have_no_violations_at_any_width_or_scheme(visit: Visit, site: Served) -> None:
    event = create_event(site.api, title="Garden Concert", description="Music.\n\nBring a blanket.")
    buy_tickets(site, event, 2)
    page = visit(1280, color_scheme="light", reduced_motion="reduce")
    seen: dict[str, list[str]] = {}

    for name in tour_views(page):
        violations = axe_violations(page) + overflows(page, (320, 1024, 1250, *WIDTHS))
        page.set_viewport_size({"width": 375, "height": 800})
        violations += axe_violations(page) + dark_violations(page)
        page.set_viewport_size({"width": 1280, "height": 800})
        seen[name] = violations

    names = ("login", "bookings", "detail", "confirm", "slots", "letters", "overview", "audit")
    assert seen == {name: [] for name in (*names, "events", "event-confirm", "event", "event-editor")}


def violations_at_two_widths(page: Page) -> list[str]:
    """Return the violations on a wide screen and on a phone, light and dark."""
    violations = []
    for width in (1280, 375):
        violations += overflows(page, [width]) + axe_violations(page) + dark_violations(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    return violations


def test_german_back_office_is_translated_and_accessible(visit: Visit, site: Served) -> None:
    slot = site.api.slots(UNUSUAL_NAMES_DATE)[0]
    refused = {"/api/admin/validate", f"/api/admin/slots/{slot['_id']}", "/api/admin/bookings"}
    page = visit(1280, locale="de-DE", color_scheme="light", reduced_motion="reduce", refused=refused)

    page.goto("/admin")
    page.get_by_label("Administrationsschlüssel").fill("falsch")
    page.get_by_role("button", name="Anmelden").click()
    expect(page.locator("#notice")).to_have_text("Dieser Schlüssel ist nicht richtig.")
    log_in(page, "/admin?name=hop")
    expect(page.locator(".result-count")).to_have_text("Gefundene Buchungen: 1")
    expect(page).to_have_title("Buchungen · Verwaltung")
    expect(page.locator(".bookings-table")).to_contain_text("Mo., 23. März 2026")
    assert violations_at_two_widths(page) == []
    page.locator(".bookings-table .link-button").click()
    expect(page.locator("#detail-title")).to_contain_text("Buchung ")
    expect(page.locator("#detail .list")).to_contain_text("fehlgeschlagen")
    assert violations_at_two_widths(page) == []
    page.keyboard.press("Escape")
    page.locator("#reference").fill("abc")
    page.locator("#find").click()
    expect(page.locator("#notice")).to_have_text(
        "Bitte geben Sie eine vollständige Buchungsnummer ein, zum Beispiel K7MP-4QXD."
    )
    page.goto(f"/admin?view=slots&date={UNUSUAL_NAMES_DATE}")
    page.locator(f"#capacity-{slot['_id']}").fill("0")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_have_text(
        f"{slot['label']}: Es sind schon mehr Plätze gebucht, als Sie angegeben haben."
    )
    open_view(page, "overview")
    expect(page.get_by_role("img", name="Belegung nach Tag und Uhrzeit")).to_be_visible()
    expect(page.locator(".plot-fill .axis text").filter(has_text="21. März")).to_have_count(1)
    page.locator("#table-fill summary").click()
    expect(page.locator("#table-fill tbody tr").filter(has_text="21.03.2026")).to_contain_text("1/4")
    assert violations_at_two_widths(page) == []


def test_german_event_views_are_translated_and_accessible(visit: Visit, site: Served) -> None:
    event = create_event(site.api, title="Gartenkonzert")
    buy_tickets(site, event, 1)
    page = visit(1280, locale="de-DE", color_scheme="light", reduced_motion="reduce")

    log_in(page, "/admin?view=events&search=gartenkonzert")
    expect(page).to_have_title("Veranstaltungen · Verwaltung")
    expect(page.locator(".tier-list")).to_contain_text("1 verkauft, 0 reserviert, 9 frei")
    page.locator(f"#event-{event['id']}").click()
    page.locator("#event-cancel").click()
    expect(page.locator("#confirm")).to_contain_text("1 Ticket ist verkauft oder reserviert.")
    page.keyboard.press("Escape")
    assert violations_at_two_widths(page) == []
    page.locator("#event-edit").click()
    page.locator("#tier-0-price").fill("viel")
    page.locator("#event-save").click()
    expect(page.locator(".field-error")).to_have_text("Geben Sie einen Betrag wie 25.00 ein.")
    assert violations_at_two_widths(page) == []
