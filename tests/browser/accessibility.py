"""Accessibility checks: axe, and pages that are wider than the screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

# A window of 1,280 pixels at a zoom of 200 % is 640 pixels wide, and at 400 % 320.
WIDTHS = (320, 375, 640, 768, 1280)
PHONE: ViewportSize = {"width": 375, "height": 800}
# Letters of twice the size, in a window that leaves them the room of a small phone.
LARGE_TEXT = "size => document.documentElement.style.fontSize = size"
LARGE_TEXT_WIDTH = 640
AXE = Axe().axe_script
RUN_AXE = "(options) => axe.run(document, options).then((result) => result.violations)"
# Dark pages differ from light ones only in their colours.
COLOUR_RULES = {"runOnly": ["color-contrast", "link-in-text-block"]}


@dataclass(frozen=True)
class AccessibilityInspector:
    """Checks pages where the screenshots' camera would take a picture; `seen` has the violations of each page."""

    page: Page
    seen: dict[str, list[str]] = field(default_factory=dict)

    def take(self, name: str) -> None:
        """Check the page as it is now, under `name`: on a phone and on a wide screen, light and dark."""
        self.page.mouse.move(0, 0)
        self.seen[name] = [
            *self._violations(),
            *overflows_of_large_text(self.page),
            *overflows(self.page, WIDTHS),
            *self._violations(),
        ]
        self.page.set_viewport_size(PHONE)

    def _violations(self) -> list[str]:
        return axe_violations(self.page) + dark_violations(self.page)


def axe_violations(page: Page, options: dict[str, Any] | None = None) -> list[str]:
    """Return what axe finds on the page as it is now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    violations = page.evaluate(RUN_AXE, {"resultTypes": ["violations"], **(options or {})})
    return [f"{violation['id']}: {node['html']}" for violation in violations for node in violation["nodes"]]


def dark_violations(page: Page) -> list[str]:
    """Return the violations of colour rules in the dark scheme; the page is light afterwards."""
    page.emulate_media(color_scheme="dark")
    violations = axe_violations(page, COLOUR_RULES)
    page.emulate_media(color_scheme="light")
    return violations


def overflows_of_large_text(page: Page) -> list[str]:
    """Return the page's address if it is wider than the screen with letters of twice the size."""
    page.evaluate(LARGE_TEXT, "200%")
    found = overflows(page, [LARGE_TEXT_WIDTH])
    page.evaluate(LARGE_TEXT, "")
    return [f"with large text {violation}" for violation in found]


def overflows(page: Page, widths: Iterable[int]) -> list[str]:
    """Return the screen widths that the page exceeds. The last width stays set."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.url} is wider than {width}")
    return found
