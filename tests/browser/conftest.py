"""Fixtures of the browser tests: one service with one event for all of them, one Chromium, a page that listens."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.browser.journeys import furnish, launched
from tests.conftest import Served, serving

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def site(replica_set: ReplicaSet, mongo: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service as users get it, with an event some of whose places are taken; no file meets what another booked."""
    with serving(replica_set.uri, tmp_path_factory.mktemp("site")) as served:
        furnish(served.api)
        yield served
        mongo.drop_database(served.environment["MONGODB_DATABASE"])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser."""
    with sync_playwright() as player:
        browser = launched(player.chromium)
        yield browser
        browser.close()


@dataclass
class Ears:
    """Keeps what a test's pages say that they should not, and what they ask of others."""

    trouble: list[str] = field(default_factory=list)
    documents: set[str] = field(default_factory=set)

    def hear(self, message: ConsoleMessage, *, breaks: bool) -> None:
        # A browser also tells of a page whose own status is a refusal.
        path = urlsplit(message.location["url"]).path
        refused = "Failed to load resource" in message.text and path in self.documents
        lost = breaks and "net::ERR" in message.text
        if message.type in ("error", "warning") and not refused and not lost:
            self.trouble.append(message.text)

    def follow(self, request: Request, *, home: str) -> None:
        if request.is_navigation_request():
            self.documents.add(urlsplit(request.url).path)
        if not request.url.startswith(home):
            self.trouble.append(request.url)


@pytest.fixture
def visit(site: Served, chromium: Browser) -> Iterator[Visit]:
    """Open pages of the site, or of the service at `base_url`, each with a window and a memory of its own.

    Afterwards nothing may have been said on the console or asked of another host. Of a connection that `breaks`, the
    browser may say so.
    """
    ears = Ears()
    contexts = []

    def open_page(
        width: int = 375, *, height: int = 800, breaks: bool = False, refused: Collection[str] = (), **options: Any
    ) -> Page:
        """Return a new page; `refused` are the paths whose refusal is what the test is about."""
        ears.documents.update(refused)
        options = {"base_url": site.url, "locale": "en-GB", **options}
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", partial(ears.hear, breaks=breaks))
        page.on("pageerror", lambda error: ears.trouble.append(str(error)))
        page.on("request", partial(ears.follow, home=options["base_url"]))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert ears.trouble == []
