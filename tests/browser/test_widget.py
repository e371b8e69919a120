"""The widget in a page of another site, in a Chromium that blocks third-party cookies."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from tests.browser.accessibility import axe_violations
from tests.browser.booking_form import BOOK_BUTTON, new_email, wait_for_min_age
from tests.browser.chromium import WHOLE_BROWSER
from tests.conftest import Served
from tests.event_calls import new_tier, store_event

DATE = "2026-03-21"
BLOCK_THIRD_PARTY = 1
PREFERENCES = {"profile": {"cookie_controls_mode": BLOCK_THIRD_PARTY, "block_third_party_cookies": True}}


class HostPage(BaseHTTPRequestHandler):
    """Serves a page with the `body` of the query, in the language `lang`."""

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        page = f'<!doctype html><html lang="{query.get("lang", ["en"])[0]}"><title>Host</title><h1>Host</h1>'
        body = (page + query.get("body", [""])[0]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """The origin of another site: to a browser, localhost is not the site of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), HostPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def context(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser whose user has blocked third-party cookies."""
    profile: Path = tmp_path_factory.mktemp("profile")
    (profile / "Default").mkdir()
    (profile / "Default" / "Preferences").write_text(json.dumps(PREFERENCES))
    browser = chromium.browser_type.launch_persistent_context(
        profile, executable_path=WHOLE_BROWSER, args=["--no-sandbox"], locale="en-GB"
    )
    yield browser
    browser.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.set_viewport_size({"width": 800, "height": 700})
    yield page
    page.close()


def open_host(page: Page, host: str, body: str, lang: str = "en") -> FrameLocator:
    """Open the host page with `body`, and return the frame in it."""
    page.goto(f"{host}/")
    page.evaluate("([body, lang]) => location.assign('/?' + new URLSearchParams({ body, lang }))", [body, lang])
    page.wait_for_url("**/?body=*")
    return page.frame_locator("iframe")


def script(site: Served, attributes: str = "") -> str:
    return f'<p>Before</p><script src="{site.url}/widget.js" async {attributes}></script><p id="after">After</p>'


def frame_height(page: Page) -> float:
    box = page.locator("iframe").bounding_box()
    assert box
    return box["height"]


def test_widget_books_where_third_party_cookies_are_blocked(page: Page, host: str, site: Served) -> None:
    email = new_email()
    frame = open_host(page, host, script(site, f'data-date="{DATE}"'))

    slot = site.api.slots(DATE)[0]
    frame.locator(f".hours input[value='{slot['_id']}']").click()
    inner = page.frame(url=f"{site.url}/embed**")
    assert inner
    # Control: this browser keeps no cookie of the frame's site.
    inner.evaluate("document.cookie = 'a=b; SameSite=None'")
    assert inner.evaluate("document.cookie") == ""
    for name, value in {"fullName": "Ada Lovelace", "email": email, "phone": "030 123456"}.items():
        frame.locator(f"#{name}").fill(value)
    frame.locator("#country").select_option("DE")
    wait_for_min_age(page)
    frame.locator(BOOK_BUTTON).click()

    expect(frame.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    booking = site.db["bookings"].find_one({"email": email}) or {}
    expect(frame.locator(".reference")).to_have_text(booking["reference"])
    expect(page.locator("iframe")).to_have_attribute("title", "Your place is booked · Open days, March 2026")
    # The frame adds nothing to the history of the page around it.
    assert page.evaluate("history.length") <= 3


def test_frame_is_as_high_as_its_content(page: Page, host: str, site: Served) -> None:
    frame = open_host(page, host, script(site))
    expect(frame.locator(".month")).to_be_visible()
    expect(page.locator("iframe")).not_to_have_css("height", "600px")
    before = frame_height(page)

    frame.locator(f"a[data-day='{DATE}']").click()
    expect(frame.locator("#details")).to_be_visible()
    page.wait_for_function(f"document.querySelector('iframe').offsetHeight > {before}")

    inner = page.frame(url=f"{site.url}/embed**")
    assert inner
    content = inner.evaluate("document.documentElement.scrollHeight")
    assert inner.evaluate("innerHeight") == content
    assert abs(frame_height(page) - content) <= 1


def test_height_of_another_origin_is_ignored(page: Page, host: str, site: Served) -> None:
    frame = open_host(page, host, script(site))
    expect(frame.locator(".month")).to_be_visible()
    expect(page.locator("iframe")).not_to_have_css("height", "600px")
    before = frame_height(page)

    page.evaluate("postMessage({ type: 'booking-widget', height: 9000, title: 'Fake' }, '*')")
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 100))")

    assert frame_height(page) == before
    assert page.locator("iframe").get_attribute("title") != "Fake"


@pytest.mark.parametrize(
    ("lang", "attributes", "heading"),
    [
        ("de-AT", "", "Platz buchen"),
        ("en", 'data-lang="de"', "Platz buchen"),
        ("de", 'data-lang="en"', "Book a place"),
        ("fr", "", "Book a place"),
    ],
)
def test_language_is_that_of_the_page_around(
    page: Page, host: str, site: Served, lang: str, attributes: str, heading: str
) -> None:
    frame = open_host(page, host, script(site, attributes), lang)

    expect(frame.get_by_role("heading", level=1)).to_have_text(heading)


def test_frame_is_put_into_the_target(page: Page, host: str, site: Served) -> None:
    frame = open_host(page, host, script(site, 'data-target="#after"'))

    expect(frame.locator(".month")).to_be_visible()
    expect(page.locator("#after iframe")).to_be_visible()


def test_event_leads_to_its_page_in_a_new_tab(page: Page, host: str, site: Served, context: BrowserContext) -> None:
    event = store_event(site.db, new_tier(capacity=20))
    frame = open_host(page, host, script(site, f'data-event="{event.id}"'))
    expect(frame.get_by_role("heading", level=1)).to_have_text(event.title)
    expect(frame.locator(".left-count")).to_have_text("20 of 20 left")

    with context.expect_page() as opened:
        frame.get_by_role("link", name="Buy tickets").click()

    expect(opened.value.get_by_role("button", name="Continue to the cart")).to_be_visible()
    assert opened.value.url == f"{site.url}/events/{event.id}"
    assert page.url.startswith(host)
    opened.value.close()


def open_event_without_stream(page: Page, site: Served, days: int) -> str:
    """Open an embedded event, `days` from now, to which the server refuses the stream; return the path of the page."""
    event = store_event(site.db, date=datetime.now(UTC) + timedelta(days=days))
    page.route("**/api/live*", lambda route: route.fulfill(status=204))
    page.clock.install()
    page.goto(f"{site.url}/embed/events/{event.id}", wait_until="networkidle")
    return f"/embed/events/{event.id}"


def test_embedded_event_asks_again_before_its_end(page: Page, site: Served) -> None:
    path = open_event_without_stream(page, site, 30)

    # The refusal of the stream may be noticed late; from then on the page asks every 15 seconds.
    with page.expect_request(lambda request: urlsplit(request.url).path == path, timeout=60_000):
        page.clock.run_for(20_000)


def test_embedded_event_that_is_over_asks_no_more(page: Page, site: Served) -> None:
    path = open_event_without_stream(page, site, -1)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(urlsplit(request.url).path))

    page.clock.run_for(60_000)
    page.wait_for_load_state("networkidle")

    assert path not in requests


def test_plain_frame_shows_the_booking_page(page: Page, host: str, site: Served) -> None:
    frame = open_host(page, host, f'<iframe title="Booking" src="{site.url}/embed?lang=de" width="400"></iframe>')

    expect(frame.get_by_role("heading", level=1)).to_have_text("Platz buchen")


@pytest.mark.parametrize("path", ["/", "/events", "/sign-in", "/admin"])
def test_control_frame_of_another_page_is_refused(page: Page, host: str, site: Served, path: str) -> None:
    refusals: list[str] = []
    page.on("console", lambda message: refusals.append(message.text))

    open_host(page, host, f'<iframe title="Page" src="{site.url}{path}"></iframe>')
    page.wait_for_load_state("load")

    assert any("frame-ancestors 'none'" in text for text in refusals), refusals


def test_embedded_page_is_accessible(page: Page, site: Served) -> None:
    page.goto(f"{site.url}/embed?date={DATE}")

    expect(page.locator("#details")).to_be_visible()
    assert axe_violations(page) == []
