"""Network failures: an unreachable service, a slow connection, a proxy's errors. The form books exactly once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Route, expect

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.browser.booking_form import BOOK_BUTTON, new_email, open_filled_form, slot_state, wait_for_min_age
from tests.browser.conftest import Visit
from tests.browser.routing import record_posts
from tests.browser.tcp_proxy import tcp_proxy
from tests.conftest import Served, serving, stop

DATE = "2026-03-17"
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 20_000}
FIRST_LOAD_BYTES = 100_000
SUBMIT_RETRY, STALE_AVAILABILITY = "[data-toast=submit-retry]", "[data-toast=stale-availability]"


def count_bookings(site: Served, email: str) -> int:
    return site.db["bookings"].count_documents({"email": email})


def test_pages_recover_when_the_service_restarts(
    visit: Visit, replica_set: ReplicaSet, mongo: Client, tmp_path: Path
) -> None:
    """One guest is reading the form, the other one has submitted it."""
    with serving(replica_set.uri, tmp_path) as before:
        slot, other, *_ = before.api.slots(DATE)
        database = before.environment["MONGODB_DATABASE"]
        with tcp_proxy(before.url) as proxy:
            reading = open_filled_form(visit(breaks=True, base_url=proxy.url), slot)
            submitting = open_filled_form(visit(breaks=True, base_url=proxy.url), slot)
            email = submitting.locator("#email").input_value()
            wait_for_min_age(submitting)
            stop(before.process)
            submitting.locator(BOOK_BUTTON).click()

            expect(submitting.locator(SUBMIT_RETRY)).to_be_visible()
            expect(submitting.locator(BOOK_BUTTON)).to_have_attribute("aria-disabled", "true")
            expect(reading.locator(STALE_AVAILABILITY)).to_be_visible(timeout=10_000)
            with serving(replica_set.uri, tmp_path, MONGODB_DATABASE=database) as after:
                proxy.port = int(after.url.rpartition(":")[2])
                heading = submitting.get_by_role("heading", level=1)
                expect(heading).to_have_text("Your place is booked", timeout=15_000)
                expect(reading.locator(STALE_AVAILABILITY)).to_be_hidden(timeout=15_000)
                after.api.book(other)

                expect(slot_state(reading, slot)).to_have_text("3 places left")
                expect(slot_state(reading, other)).to_have_text("3 places left")
                expect(reading.locator("#email")).not_to_have_value("")
                assert count_bookings(after, email) == 1
                reading.close()
                submitting.close()
    mongo.drop_database(database)


def test_form_submitted_offline_is_sent_when_back_online(visit: Visit, site: Served) -> None:
    email = new_email()
    page = open_filled_form(visit(breaks=True), site.api.slots(DATE)[2], email=email)
    wait_for_min_age(page)

    page.context.set_offline(True)
    page.locator(BOOK_BUTTON).click()
    expect(page.locator(SUBMIT_RETRY)).to_be_visible()
    assert count_bookings(site, email) == 0
    page.context.set_offline(False)

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    assert count_bookings(site, email) == 1


def test_many_clicks_on_a_slow_network_send_one_request(visit: Visit, site: Served) -> None:
    email = new_email()
    page = visit()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", SLOW)
    sizes: list[float] = []

    def record_size(event: dict[str, Any]) -> None:
        sizes.append(event["encodedDataLength"])

    devtools.on("Network.loadingFinished", record_size)
    posts = record_posts(page)

    open_filled_form(page, site.api.slots(DATE)[3], email=email)
    wait_for_min_age(page)
    assert 10_000 < sum(sizes) < FIRST_LOAD_BYTES
    button = page.locator(BOOK_BUTTON)
    button.click(click_count=2)
    button.click(force=True)
    page.locator("#city").press("Enter")
    expect(button).to_have_text("One moment…")

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked", timeout=15_000)
    assert (len(posts), count_bookings(site, email)) == (1, 1)


def test_proxy_error_is_retried(visit: Visit, site: Served) -> None:
    email = new_email()
    page = open_filled_form(visit(), site.api.slots(DATE)[4], email=email)
    wait_for_min_age(page)
    page.route("**/", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"), times=1)

    page.locator(BOOK_BUTTON).click()
    expect(page.locator(SUBMIT_RETRY)).to_be_visible()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    assert count_bookings(site, email) == 1


def disable_live(route: Route) -> None:
    """Let the page poll instead of using an event stream."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace('data-live="1"', 'data-live="0"'))


def test_poll_without_an_answer_shows_a_toast_and_is_repeated(visit: Visit) -> None:
    page = visit(breaks=True)
    page.clock.install()
    page.route(f"**/?date={DATE}", disable_live)
    page.route("**/api/slots*", lambda _: None)
    page.goto(f"/?date={DATE}")

    with page.expect_request("**/api/slots*"):
        page.clock.run_for(15_000)
    page.clock.run_for(10_000)

    expect(page.locator(STALE_AVAILABILITY)).to_be_visible()
    with page.expect_request("**/api/slots*"):
        page.clock.run_for(15_000)
