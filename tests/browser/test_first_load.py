"""First load of the pages: nothing moves when the scripts arrive, and what is loaded is small."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.browser.account.actions import new_email, sign_up
from tests.browser.booking_form import DATE
from tests.browser.checkout.tour import CHECKOUT, ORDER, PAY, choose
from tests.browser.conftest import Visit
from tests.browser.events.sample_events import store_arena, store_sample_events
from tests.browser.layout_shifts import layout_shifts, observe_layout_shifts
from tests.conftest import Served
from tests.event_calls import create_event, tier_form

# Without compression, which pages with the cookie of an account do not have.
FIRST_LOAD_BYTES = 100_000
# Ten thousand seats, compressed to 30 kB and with a cookie to 95.
SEATS_BYTES = 130_000
PUBLIC = ("month", "date", "events", "event", "seats", "sign-in")
SIGNED_IN = ("cart", "checkout", "order", "tickets", "own-bookings", "account")
AWAIT_PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
  if (list.getEntriesByName("first-contentful-paint").length) resolve();
}).observe({ type: "paint", buffered: true }))"""
MOVING = "addEventListener('DOMContentLoaded', () => document.body.prepend(document.createElement('hr')))"
Paths = dict[str, str]


@pytest.fixture(scope="module")
def concert(site: Served) -> dict[str, Any]:
    return create_event(site.api, title="Summer Concert", tiers=[tier_form("VIP", "100.00", 100)])


@pytest.fixture(scope="module")
def public(site: Served) -> Paths:
    """The paths of the pages that need no account, by name."""
    sample = store_sample_events(site.db)
    return {
        "month": "/",
        "date": f"/?date={DATE}",
        "events": "/events",
        "event": f"/events/{sample.concert.id}",
        "seats": f"/events/{store_arena(site.db).id}/seats",
        "sign-in": "/sign-in",
    }


def buy(page: Page, concert: dict[str, Any]) -> Paths:
    """Sign up, buy two tickets, and hold two more; return the paths of the pages that show them."""
    sign_up(page, new_email())
    choose(page, concert)
    page.locator("[name=continue]").click()
    page.wait_for_url(CHECKOUT)
    page.locator("#terms").check()
    page.locator(PAY).click()
    page.wait_for_url(ORDER)
    order = page.url
    choose(page, concert)
    page.wait_for_url("**/cart")
    return {
        "cart": "/cart",
        "checkout": "/checkout",
        "order": order,
        "tickets": "/my/tickets",
        "own-bookings": "/my/bookings",
        "account": "/account",
    }


def shifts_of(page: Page, path: str) -> list[Any]:
    """Return the layout shifts of a page whose scripts arrive after its first paint."""
    is_painted = False
    held: list[Route] = []

    def hold_until_painted(route: Route) -> None:
        if is_painted:
            route.continue_()
        else:
            held.append(route)

    page.route("**/*.js", hold_until_painted)
    page.goto(path, wait_until="commit")
    page.evaluate(AWAIT_PAINT)
    is_painted = True
    for route in held:
        route.continue_()
    page.wait_for_load_state("load")
    found = layout_shifts(page)
    page.unroute("**/*.js")
    return found


def loaded_bytes(page: Page, path: str) -> dict[str, int]:
    """Return the sizes of all that a page loads, without its live stream, which never ends."""
    loaded: set[str] = set()
    page.route("**/api/live*", lambda route: route.fulfill(status=204))
    page.on("requestfinished", lambda request: loaded.add(request.url))
    page.goto(path, wait_until="networkidle")
    # Requested again, because the browser does not keep every body for its debugger.
    return {url: len(page.request.get(url).body()) for url in loaded if "/api/live" not in url}


@pytest.mark.parametrize("width", [375, 1280])
def test_scripts_of_public_pages_move_nothing(visit: Visit, public: Paths, width: int) -> None:
    page = visit(width)
    observe_layout_shifts(page)

    assert {name: shifts_of(page, public[name]) for name in PUBLIC} == {name: [] for name in PUBLIC}


@pytest.mark.parametrize("width", [375, 1280])
def test_scripts_of_signed_in_pages_move_nothing(visit: Visit, concert: dict[str, Any], width: int) -> None:
    page = visit(width)
    paths = buy(page, concert)
    observe_layout_shifts(page)

    assert {name: shifts_of(page, paths[name]) for name in SIGNED_IN} == {name: [] for name in SIGNED_IN}


def test_control_script_that_moves_the_page_is_found(visit: Visit, public: Paths) -> None:
    page = visit()
    observe_layout_shifts(page)
    page.add_init_script(MOVING)

    assert shifts_of(page, public["events"]) != []


@pytest.mark.parametrize("name", PUBLIC)
def test_first_load_of_public_pages_is_small(visit: Visit, public: Paths, name: str) -> None:
    sizes = loaded_bytes(visit(), public[name])

    assert len(sizes) >= 2
    assert sum(sizes.values()) < {"seats": SEATS_BYTES}.get(name, FIRST_LOAD_BYTES), sizes


def test_first_load_of_signed_in_pages_is_small(visit: Visit, concert: dict[str, Any]) -> None:
    page = visit()
    for path in buy(page, concert).values():
        sizes = loaded_bytes(page, path)
        assert sum(sizes.values()) < FIRST_LOAD_BYTES, sizes
