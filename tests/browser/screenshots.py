"""`python -m tests.browser.screenshots FOLDER`: every page at two widths, light and dark, in every language, as PNG.

Those that README.md shows are cut to the height of a window and made small for git.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from core.clock import iso, now
from core.i18n import LANGUAGES
from devdb.replica_set import start_replica_set
from tests.api_client import Api
from tests.browser.account.tour import tour_account
from tests.browser.backoffice.history import add_history
from tests.browser.checkout.tour import tour_buying
from tests.browser.chromium import launch_chromium
from tests.browser.embed_tour import tour_embed
from tests.browser.events.sample_events import store_sample_events
from tests.browser.events.tour import tour_events
from tests.browser.page_tour import tour_backoffice, tour_pages
from tests.browser.readme_pictures import readme_pictures
from tests.browser.sample_event import book_sample_event
from tests.conftest import serving
from tests.event_calls import create_event, tier_form

WIDTHS = (375, 1280)
# The height of a README picture by its width.
HEIGHTS = {375: 812, 1280: 860}
COLOURS = 255
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
# What sticks to the foot of the window would cover the middle of a picture of the whole page.
STICKY = ".chosen-bar, .next-bar"
SET_POSITION = "(bars, value) => bars.forEach((bar) => bar.style.position = value)"


@dataclass(frozen=True)
class Camera:
    """Takes screenshots of a page into a folder."""

    page: Page
    folder: Path
    suffix: str

    def take(self, name: str) -> None:
        """Take a screenshot of the whole page, or of the window that a dialog covers, without hover or focus."""
        self.page.mouse.move(0, 0)
        self.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        is_covered = self.page.locator("dialog[open]").count() > 0
        self.page.locator(STICKY).evaluate_all(SET_POSITION, "static")
        self.page.screenshot(path=self.folder / f"{name}-{self.suffix}.png", full_page=not is_covered)
        self.page.locator(STICKY).evaluate_all(SET_POSITION, "")


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
        concert = _create_concert(served.api)
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
            tour_embed(camera, events)
            tour_backoffice(camera)
            context.clear_cookies()
            tour_buying(camera, served.db, concert)
            context.clear_cookies()
            tour_account(camera)
            context.close()
        browser.close()
    for name in readme_pictures():
        shrink(folder / name)


def _create_concert(api: Api) -> dict[str, Any]:
    """Create the event whose tickets the tour buys."""
    start = now().replace(hour=19, minute=0, second=0, microsecond=0) + timedelta(days=45)
    tiers = [tier_form("PARTERRE", "48.00", 100, name="Parterre"), tier_form("GALLERY", "19.50", 500, name="Gallery")]
    return create_event(api, title="Chamber Music by Candlelight", venue="Town Hall", date=iso(start), tiers=tiers)


def shrink(file: Path) -> None:
    """Cut a picture to the height of a window, and give it a palette."""
    with Image.open(file) as picture:
        height = min(picture.height, HEIGHTS[picture.width])
        shown = picture.convert("RGB").crop((0, 0, picture.width, height))
    shown.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(file, optimize=True)


def _suffix(width: int, scheme: Scheme, language: str) -> str:
    suffix = f"{width}-{scheme}"
    return suffix if language == "en" else f"{suffix}.{language}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
