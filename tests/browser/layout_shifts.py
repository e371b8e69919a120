"""Layout shifts: what the browser reports as moved, by the Layout Instability API."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

OBSERVE = """
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => shifts.push(
  [entry.value, entry.sources.map((source) => source.node?.className ?? "")]
))).observe({ type: "layout-shift", buffered: true });
"""
# Entries are delivered after the frame in which the shift happened.
READ = "() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(shifts), 50)))"


def observe_layout_shifts(page: Page) -> None:
    """Record the layout shifts of the pages that are opened from now on."""
    page.add_init_script(OBSERVE)


def layout_shifts(page: Page) -> list[Any]:
    """Return the value and the elements' classes of each shift since the last reset."""
    shifts: list[Any] = page.evaluate(READ)
    return shifts


def reset_layout_shifts(page: Page) -> None:
    """Forget the shifts so far."""
    page.evaluate(READ)
    page.evaluate("shifts.splice(0)")
