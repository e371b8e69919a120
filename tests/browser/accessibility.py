"""Accessibility checks: axe, and pages that are wider than the screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = (320, 375, 768, 1280)
AXE = Axe().axe_script
RUN_AXE = "(options) => axe.run(document, options).then((result) => result.violations)"
# Dark pages differ from light ones only in their colours.
COLOUR_RULES = {"runOnly": ["color-contrast", "link-in-text-block"]}


@dataclass(frozen=True)
class AccessibilityInspector:
    """Checks pages where the screenshots' camera would take a picture; `seen` has the violations of each page."""

    page: Page
    seen: dict[str, list[str]] = field(default_factory=dict)
    # The colours are the same in every language, so one language is enough.
    checks_dark: bool = True

    def take(self, name: str) -> None:
        """Check the page as it is now, under `name`."""
        self.page.mouse.move(0, 0)
        violations = axe_violations(self.page) + overflows(self.page, WIDTHS)
        if self.checks_dark:
            violations += dark_violations(self.page)
        self.seen[name] = violations
        self.page.set_viewport_size({"width": 375, "height": 800})


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


def overflows(page: Page, widths: Iterable[int]) -> list[str]:
    """Return the screen widths that the page exceeds. The last width stays set."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.url} is wider than {width}")
    return found
