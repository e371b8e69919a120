"""What a person does on the pages, and the states of the event that they may meet."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, Page, Route

from tests.api_client import Api

CHROMIUM = "/usr/bin/chromium"
DATE = "2026-03-05"
ADA = {"fullName": "Ada Lovelace", "email": "ada@example.org", "phone": "030 123456", "city": "Berlin"}
# The form takes nothing that comes sooner; the service looks at its own clock.
FILL_SECONDS = 2.1
# A window of Chromium would load pages for its address bar and start a process for a next one: half of what opening one
# costs. Playwright's own list is not heeded beside ours, so what speaks to other hosts is named here once more.
UNUSED = (
    "SpareRendererForSitePerProcess", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
    "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying",
    "OptimizationHints", "PreconnectToSearch",
)  # fmt: skip


def launched(chromium: BrowserType) -> Browser:
    """Return Debian's Chromium."""
    without = f"--disable-features={','.join(UNUSED)}"
    return chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", without])


def somebody() -> str:
    """Return the e-mail address of somebody who has not been here."""
    return f"guest-{uuid.uuid4().hex[:10]}@example.org"


def fill_in(page: Page, **changes: str) -> None:
    """Type the details of Ada, or others; the country is Germany."""
    for name, value in {**ADA, **changes}.items():
        page.locator(f"#{name}").fill(value)
    page.locator("#country").select_option("DE")


def choose(page: Page, slot_id: str) -> None:
    """Choose a slot with the mouse."""
    page.locator(f".hours input[value='{slot_id}']").click()


def age(page: Page) -> None:
    """Wait until the form is old enough to be a person's."""
    page.wait_for_timeout(FILL_SECONDS * 1000)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on what `selector` names."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    pytest.fail(f"no Tab leads to {selector}")


def caught(page: Page, held: list[Route], count: int = 1) -> list[Route]:
    """Wait until so many requests are held back, which a test learns of later than of the requests; return them."""
    for _ in range(1000):
        if len(held) == count:
            return held
        page.wait_for_timeout(10)
    return pytest.fail(f"{len(held)} requests are held back, not {count}")


STOP = """() => {
  const focused = document.activeElement;
  if (focused === document.body) return null;
  const shown = focused.matches(".slot input") ? focused.nextElementSibling : focused;
  const { top, bottom } = focused.getBoundingClientRect();
  return {
    kind: focused.name || focused.classList[0] || focused.textContent.trim(),
    outline: parseFloat(getComputedStyle(shown).outlineWidth) * (getComputedStyle(shown).outlineStyle !== "none"),
    inView: bottom > 0 && top < innerHeight,
  };
}"""


def furthest(page: Page) -> list[dict[str, Any]]:
    """Press Tab until the page ends; return what had the focus on the way, from where it is now."""
    stops = []
    while stop := page.evaluate(STOP):
        stops.append(stop)
        page.keyboard.press("Tab")
    return stops


def furnish(api: Api) -> list[dict[str, Any]]:
    """Book what makes an event look like one: days and slots of every kind; return the slots of DATE."""
    for date, taken in (("2026-03-01", 36), ("2026-03-03", 29), ("2026-03-09", 14), ("2026-03-15", 30)):
        _book(api, date, taken)
    slots = api.slots(DATE)
    for slot, taken in zip(slots, (4, 3, 0, 4, 1, 2, 0, 0, 0), strict=True):
        for _ in range(taken):
            assert api.book(slot).status == 201
    assert api.admin("PATCH", f"/slots/{slots[-1]['_id']}", json={"closed": True}).status == 200
    return api.slots(DATE)


def _book(api: Api, date: str, taken: int) -> None:
    places = [slot for slot in api.slots(date) for _ in range(slot["remaining"])]
    for slot in places[:taken]:
        assert api.book(slot).status == 201
