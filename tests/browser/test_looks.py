"""Every page for every eye: axe finds nothing, nothing is wider than the screen, the first load is small."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from core.i18n import LANGUAGES
from tests.browser.conftest import Visit
from tests.browser.screenshots import walk
from tests.conftest import Served

FIRST_LOAD_BYTES = 100_000
WIDTHS = (320, 375, 768, 1280)
AXE = Axe().axe_script
VIOLATIONS = "(options) => axe.run(document, options).then((found) => found.violations)"
# Dark pages differ from light ones in their colours alone.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
SHOWN = {
    "month",
    "refused",
    "full",
    "waiting",
    "left",
    "book",
    "done",
    "booking",
    "moved",
    "cancelled",
    "open",
    "no-such-booking",
    "not-found",
}


@dataclass(frozen=True)
class Inspector:
    """Walks the pages as the camera does, and looks for faults instead of taking pictures."""

    page: Page
    seen: dict[str, list[str]] = field(default_factory=dict)
    # The colours are the same in every language.
    colours: bool = True

    def take(self, name: str) -> None:
        self.page.mouse.move(0, 0)
        found = faults(self.page) + too_narrow(self.page, WIDTHS)
        if self.colours:
            self.page.emulate_media(color_scheme="dark")
            found += faults(self.page, COLOURS)
            self.page.emulate_media(color_scheme="light")
        self.seen[name] = found
        self.page.set_viewport_size({"width": 375, "height": 800})


def too_narrow(page: Page, widths: Iterable[int]) -> list[str]:
    """Return the widths of screens that the page is wider than; the last of them stays."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.url} is wider than {width}")
    return found


def faults(page: Page, options: dict[str, Any] | None = None) -> list[str]:
    """Return what axe finds on the page as it is now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    violations = page.evaluate(VIOLATIONS, {"resultTypes": ["violations"], **(options or {})})
    return [f"{violation['id']}: {node['html']}" for violation in violations for node in violation["nodes"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_for_everybody_at_every_width_in_light_and_dark(
    visit: Visit, site: Served, language: str
) -> None:
    slots = [slot["_id"] for slot in site.api.slots()]
    page = visit(color_scheme="light", reduced_motion="reduce", locale=language)
    inspector = Inspector(page, colours=language == "en")

    walk(inspector, free=slots[2], full=slots[3])

    assert inspector.seen == {name: [] for name in SHOWN}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_control_a_planted_fault_is_found(visit: Visit, scheme: str) -> None:
    page = visit(color_scheme=scheme)
    page.goto("/")
    assert faults(page) == []

    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=\"/static/icon.svg\">')")
    page.evaluate("document.querySelector('.lead').style.color = '#777'")

    assert {fault.partition(":")[0] for fault in faults(page)} == {"image-alt", "color-contrast"}


@pytest.mark.parametrize("path", ["/", "/?date=2026-03-05"])
def test_the_first_load_is_small(visit: Visit, path: str) -> None:
    page = visit()
    loaded: set[str] = set()
    # A stream of events has no end to wait for, and no size.
    page.route("**/api/live*", lambda route: route.fulfill(status=204))
    page.on("requestfinished", lambda request: loaded.add(request.url))

    page.goto(path, wait_until="networkidle")

    # Asked for again, because a browser does not keep every answer for those who look on.
    sizes = {url: len(page.request.get(url).body()) for url in loaded if "/api/live" not in url}
    assert len(sizes) >= 3
    assert sum(sizes.values()) < FIRST_LOAD_BYTES, sizes
