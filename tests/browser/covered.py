"""Points of a window where a tap hits an element, rather than what lies above it."""

from __future__ import annotations

from playwright.sync_api import Page

Point = tuple[int, int]
# A seat on the map is wider than the distance of two points.
FIND_POINTS = """(selector) => {
  const points = [];
  for (let y = 2; y < innerHeight; y += 6) {
    for (let x = 2; x < innerWidth; x += 6) {
      if (document.elementFromPoint(x, y)?.closest(selector)) points.push([x, y]);
    }
  }
  return points;
}"""


def tap_points(page: Page, selector: str) -> set[Point]:
    """Return the points of the window, in pixels, where a tap hits an element of `selector`."""
    return {(x, y) for x, y in page.evaluate(FIND_POINTS, selector)}


def scroll_to_foot(page: Page, selector: str) -> None:
    """Scroll so that the element ends 40 pixels above the foot of the window."""
    rise = "(element) => scrollBy(0, element.getBoundingClientRect().bottom - innerHeight + 40)"
    page.locator(selector).evaluate(rise)


def add_style(page: Page, rules: str) -> None:
    """Add CSS rules to the page; a style element would be refused by its content security policy."""
    page.evaluate(
        """async (rules) => {
          const sheet = await new CSSStyleSheet().replace(rules);
          document.adoptedStyleSheets = [sheet];
        }""",
        rules,
    )
