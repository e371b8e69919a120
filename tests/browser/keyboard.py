"""Keyboard navigation: Tab to an element, or through the whole page."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

MAX_TABS = 80
FOCUSED_ELEMENT = """() => {
  const focused = document.activeElement;
  if (focused === document.body) return null;
  const drawn = focused.matches(".slot input") ? focused.nextElementSibling : focused;
  const style = getComputedStyle(drawn);
  const { top, bottom } = focused.getBoundingClientRect();
  return {
    kind: focused.name || focused.classList[0] || focused.textContent.trim(),
    outline: parseFloat(style.outlineWidth) * (style.outlineStyle !== "none"),
    inView: bottom > 0 && top < innerHeight,
  };
}"""


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element that matches `selector` has the focus."""
    for _ in range(MAX_TABS):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    pytest.fail(f"no Tab leads to {selector}")


def tab_through(page: Page) -> list[dict[str, Any]]:
    """Press Tab until the page ends. Returns kind, outline width and visibility of each focused element."""
    stops = []
    while stop := page.evaluate(FOCUSED_ELEMENT):
        stops.append(stop)
        page.keyboard.press("Tab")
    return stops
