"""`python -m tests.browser.screenshots FOLDER`: every page at two widths, light and dark, in every language, as PNG."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal, Protocol

from playwright.sync_api import Page, sync_playwright

from core.i18n import LANGUAGES
from devdb.replica_set import start_replica_set
from tests.browser.backoffice import LIVELY_DATE, busy, enter, look_at
from tests.browser.journeys import DATE, age, choose, fill_in, furnish, launched
from tests.conftest import serving

WIDTHS = (375, 1280)
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@dataclass(frozen=True)
class Camera:
    """Takes pictures of a page into a folder."""

    page: Page
    folder: Path
    ending: str

    def take(self, name: str) -> None:
        """Take the page as a whole."""
        self.page.mouse.move(0, 0)
        self.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        self.page.screenshot(path=self.folder / f"{name}-{self.ending}.png", full_page=True)


def main(folder: Path) -> None:
    """Serve an event with some bookings and take every picture of it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        start_replica_set() as database,
        tempfile.TemporaryDirectory() as room,
        serving(database.uri, Path(room)) as served,
        sync_playwright() as player,
    ):
        slots = [slot["_id"] for slot in furnish(served.api)]
        busy(served.api, served.db)
        browser = launched(player.chromium)
        for width, scheme, language in product(WIDTHS, SCHEMES, LANGUAGES):
            context = browser.new_context(
                base_url=served.url,
                viewport={"width": width, "height": 800},
                color_scheme=scheme,
                reduced_motion="reduce",
                locale=language,
            )
            ending = f"{width}-{scheme}" + (f".{language}" if language != "en" else "")
            camera = Camera(context.new_page(), folder, ending)
            walk(camera, free=slots[2], full=slots[3])
            walk_backoffice(camera)
            context.close()
        browser.close()


class Taker(Protocol):
    """What `walk` shows the pages to."""

    @property
    def page(self) -> Page:
        """Return the page it walks with."""

    def take(self, name: str) -> None:
        """Look at the page, which is called `name`."""


def walk(camera: Taker, *, free: str, full: str) -> None:
    """Take every page, whatever its language; afterwards the event is as it was."""
    page, take = camera.page, camera.take
    page.goto("/")
    take("month")
    page.goto(f"/?date={DATE}")
    fill_in(page, email="ada@", phone="12")
    age(page)
    page.locator("button[value=book]").click()
    page.locator("#summary").wait_for()
    take("refused")
    _wait_for(camera, full)
    _book(camera, free)
    page.goto(f"/bookings/{'0' * 32}")
    take("open")
    page.locator("#token").fill("wrong")
    page.locator("form[data-token-form] button").click()
    page.wait_for_url("**/open")
    take("no-such-booking")
    page.goto("/nowhere")
    take("not-found")


def walk_backoffice(camera: Taker) -> None:
    """Take every view of the back office."""
    page, take = camera.page, camera.take
    page.goto("/admin")
    page.locator("#key").wait_for()
    take("backoffice-enter")
    enter(page, f"/admin?date={LIVELY_DATE}&sort=hour")
    take("backoffice-bookings")
    page.locator(".bookings-table .link-button").first.click()
    page.locator("#detail-title").wait_for()
    take("backoffice-detail")
    page.keyboard.press("Escape")
    for view in ("slots", "letters", "overview", "audit"):
        look_at(page, view)
        take(f"backoffice-{view}")


def _wait_for(camera: Taker, full: str) -> None:
    page, take = camera.page, camera.take
    page.goto(f"/?date={DATE}")
    choose(page, full)
    fill_in(page)
    age(page)
    page.locator("#city").press("Enter")
    page.locator(".offers").wait_for()
    take("full")
    page.locator("button[value=wait]").click()
    page.wait_for_url("**/waitlist/*")
    page.locator("summary").click()
    take("waiting")
    page.locator("dialog .button-danger").click()
    page.locator(".chip-ended").wait_for()
    take("left")


def _book(camera: Taker, free: str) -> None:
    page, take = camera.page, camera.take
    page.goto(f"/?date={DATE}")
    choose(page, free)
    fill_in(page)
    take("book")
    age(page)
    page.locator("button[value=book]").click()
    page.wait_for_url("**/done")
    take("done")
    page.locator(".row .button-secondary").click()
    page.locator(".change:has(#slot) summary").click()
    page.locator("#slot").select_option(index=1)
    page.locator(".change:has(#slot) button").click()
    page.locator(".success").wait_for()
    take("moved")
    page.reload()
    page.locator(".change:nth-of-type(2) summary").click()
    take("booking")
    page.locator("dialog .button-danger").click()
    page.locator(".chip-ended").wait_for()
    take("cancelled")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
