"""`python -m tests.browser.screenshots FOLDER`: every page at two widths, light and dark, in every language, as PNG."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, sync_playwright

from core.i18n import LANGUAGES
from devdb.replica_set import start_replica_set
from tests.browser.backoffice.history import add_history
from tests.browser.checkout.tour import tour_buying
from tests.browser.chromium import launch_chromium
from tests.browser.events.sample_events import store_sample_events
from tests.browser.events.tour import tour_events
from tests.browser.page_tour import tour_backoffice, tour_pages
from tests.browser.sample_event import book_sample_event
from tests.conftest import serving
from tests.event_calls import create_event, tier_form

WIDTHS = (375, 1280)
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@dataclass(frozen=True)
class Camera:
    """Takes screenshots of a page into a folder."""

    page: Page
    folder: Path
    suffix: str

    def take(self, name: str) -> None:
        """Take a screenshot of the whole page, without hover or focus."""
        self.page.mouse.move(0, 0)
        self.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        self.page.screenshot(path=self.folder / f"{name}-{self.suffix}.png", full_page=True)


def main(folder: Path) -> None:
    """Serve a sample event and take all screenshots."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        start_replica_set() as database,
        tempfile.TemporaryDirectory() as data_folder,
        serving(database.uri, Path(data_folder)) as served,
        sync_playwright() as playwright,
    ):
        slots = [slot["_id"] for slot in book_sample_event(served.api)]
        add_history(served.api, served.db)
        events = store_sample_events(served.db)
        tiers = [tier_form("VIP", "100.00", 100), tier_form("GA", "10.00", 500)]
        concert = create_event(served.api, title="Summer Concert", tiers=tiers)
        browser = launch_chromium(playwright.chromium)
        for width, scheme, language in product(WIDTHS, SCHEMES, LANGUAGES):
            context = browser.new_context(
                base_url=served.url,
                viewport={"width": width, "height": 800},
                color_scheme=scheme,
                reduced_motion="reduce",
                locale=language,
            )
            camera = Camera(context.new_page(), folder, _suffix(width, scheme, language))
            tour_pages(camera, free=slots[2], full=slots[3])
            tour_events(camera, events)
            tour_backoffice(camera)
            tour_buying(camera, served.db, concert)
            context.close()
        browser.close()


def _suffix(width: int, scheme: Scheme, language: str) -> str:
    suffix = f"{width}-{scheme}"
    return suffix if language == "en" else f"{suffix}.{language}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
