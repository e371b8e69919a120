"""Fixtures of the browser tests: one service and one Chromium for many tests, and pages whose console is watched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from devdb.replica_set import ReplicaSet
from tests.browser.chromium import launch_chromium
from tests.browser.sample_event import book_sample_event
from tests.conftest import Served, serving

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def site(replica_set: ReplicaSet, module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with its default settings and a sample event, for each file of its own."""
    folder = tmp_path_factory.mktemp("site")
    with serving(replica_set.uri, folder, MONGODB_DATABASE=module_database) as served:
        book_sample_event(served.api)
        yield served


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright.chromium)
        yield browser
        browser.close()


@dataclass
class ConsoleWatcher:
    """Collects console errors and warnings of a test's pages, and their requests to other hosts."""

    problems: list[str] = field(default_factory=list)
    # Paths whose refusal is expected.
    refused_paths: set[str] = field(default_factory=set)

    def on_console(self, message: ConsoleMessage, *, breaks: bool) -> None:
        # Chromium also reports a document whose own status is a refusal.
        path = urlsplit(message.location["url"]).path
        is_refusal = "Failed to load resource" in message.text and path in self.refused_paths
        is_network_error = breaks and "net::ERR" in message.text
        if message.type in ("error", "warning") and not is_refusal and not is_network_error:
            self.problems.append(message.text)

    def on_request(self, request: Request, *, addresses: tuple[str, ...]) -> None:
        if request.is_navigation_request():
            self.refused_paths.add(urlsplit(request.url).path)
        if not request.url.startswith(addresses):
            self.problems.append(request.url)


@pytest.fixture
def visit(site: Served, chromium: Browser) -> Iterator[Visit]:
    """Open pages of the site, or of the service at `base_url`, each in a browser context of its own.

    The test fails if a page wrote an error or a warning to the console, or sent a request to another host. With
    `breaks`, network errors on the console are expected.
    """
    watcher = ConsoleWatcher()
    contexts = []

    def open_page(
        width: int = 375,
        *,
        height: int = 800,
        breaks: bool = False,
        refused: Collection[str] = (),
        other_site: str = "",
        **options: Any,
    ) -> Page:
        """Return a new page; `refused` are the paths whose refusal the test expects, `other_site` may be visited."""
        watcher.refused_paths.update(refused)
        options = {"base_url": site.url, "locale": "en", **options}
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", partial(watcher.on_console, breaks=breaks))
        page.on("pageerror", lambda error: watcher.problems.append(str(error)))
        addresses = (options["base_url"], other_site or options["base_url"])
        page.on("request", partial(watcher.on_request, addresses=addresses))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert watcher.problems == []
