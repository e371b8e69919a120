"""Request interception: hold requests back, answer them later, and record submissions."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route


def hold_requests(page: Page, pattern: str, *, times: int | None = None) -> list[Route]:
    """Return a list that receives each request that matches `pattern`; none of them is answered."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(pattern, hold, times=times)
    return held


def wait_for_held(page: Page, held: list[Route], count: int = 1) -> list[Route]:
    """Wait until `count` requests are held. Playwright reports a request before it calls the route's handler."""
    for _ in range(1000):
        if len(held) == count:
            return held
        page.wait_for_timeout(10)
    return pytest.fail(f"{len(held)} requests are held back, not {count}")


def answer_and_settle(page: Page, route: Route, **answer: Any) -> None:
    """Answer a held request and wait until the page has read the answer. Without `answer` the service answers."""
    with page.expect_response(route.request.url):
        if answer:
            route.fulfill(**answer)
        else:
            route.continue_()
    page.evaluate("fetch('/api/health').then((response) => response.text())")


def record_posts(page: Page) -> list[str]:
    """Return a list that receives the address of each POST request from now on."""
    posts: list[str] = []

    def record(request: Any) -> None:
        if request.method == "POST":
            posts.append(request.url)

    page.on("request", record)
    return posts
