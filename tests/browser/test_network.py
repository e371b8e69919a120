"""The network is slow, gone, or back; the service ends and begins: the page says so, recovers, and books once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, expect

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.browser.conftest import Visit
from tests.browser.journeys import age, choose, fill_in, somebody
from tests.browser.wire import wired
from tests.conftest import Served, serving, stop

DATE = "2026-03-17"
BOOK = ".submit-book button"
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 20_000}
FIRST_LOAD_BYTES = 100_000


def filled(page: Page, slot: dict[str, Any], email: str) -> Page:
    page.goto(f"/?date={slot['date']}")
    choose(page, slot["_id"])
    fill_in(page, email=email)
    return page


def bookings(site: Served, email: str) -> int:
    return site.db["bookings"].count_documents({"email": email})


def test_while_the_service_is_gone_the_page_says_so_and_when_it_is_back_all_is_well_by_itself(
    visit: Visit, replica_set: ReplicaSet, mongo: Client, tmp_path: Path
) -> None:
    """Two guests: one is looking, the other has pressed the button."""
    with serving(replica_set.uri, tmp_path) as before:
        slot, other, *_ = before.api.slots(DATE)
        database = before.environment["MONGODB_DATABASE"]
        with wired(before.url) as wire:
            looking, sending = (filled(visit(breaks=True, base_url=wire.url), slot, somebody()) for _ in range(2))
            email = sending.locator("#email").input_value()
            age(sending)
            stop(before.process)
            sending.locator(BOOK).click()

            expect(sending.locator("[data-toast=submit-retry]")).to_be_visible()
            expect(sending.locator(BOOK)).to_have_attribute("aria-disabled", "true")
            expect(looking.locator("[data-toast=stale-availability]")).to_be_visible(timeout=10_000)
            with serving(replica_set.uri, tmp_path, MONGODB_DATABASE=database) as after:
                wire.port = int(after.url.rpartition(":")[2])
                expect(sending.get_by_role("heading", level=1)).to_have_text("Your place is booked", timeout=15_000)
                expect(looking.locator("[data-toast=stale-availability]")).to_be_hidden(timeout=15_000)
                after.api.book(other)

                def state(id_: str) -> Any:
                    return expect(looking.locator(f".slot[data-slot='{id_}'] .slot-state"))

                state(slot["_id"]).to_have_text("3 places left")
                state(other["_id"]).to_have_text("3 places left")
                expect(looking.locator("#email")).not_to_have_value("")
                assert bookings(after, email) == 1
                looking.close()
                sending.close()
    mongo.drop_database(database)


def test_a_form_that_is_sent_offline_goes_out_as_soon_as_the_browser_is_back(visit: Visit, site: Served) -> None:
    email = somebody()
    page = filled(visit(breaks=True), site.api.slots(DATE)[2], email)
    age(page)

    page.context.set_offline(True)
    page.locator(BOOK).click()
    expect(page.locator("[data-toast=submit-retry]")).to_be_visible()
    assert bookings(site, email) == 0
    page.context.set_offline(False)

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    assert bookings(site, email) == 1


def test_over_a_slow_network_the_page_is_light_and_many_clicks_are_one_request(visit: Visit, site: Served) -> None:
    email, slot = somebody(), site.api.slots(DATE)[3]
    page = visit()
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", SLOW)
    sizes: list[float] = []
    posts: list[str] = []
    wire.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)

    filled(page, slot, email)
    age(page)
    assert 10_000 < sum(sizes) < FIRST_LOAD_BYTES
    button = page.locator(BOOK)
    button.click(click_count=2)
    button.click(force=True)
    page.locator("#city").press("Enter")
    expect(button).to_have_text("One moment…")

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked", timeout=15_000)
    assert (len(posts), bookings(site, email)) == (1, 1)


def test_what_a_proxy_says_instead_of_the_service_is_no_answer(visit: Visit, site: Served) -> None:
    email = somebody()
    page = filled(visit(), site.api.slots(DATE)[4], email)
    age(page)
    page.route("**/", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"), times=1)

    page.locator(BOOK).click()
    expect(page.locator("[data-toast=submit-retry]")).to_be_visible()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your place is booked")
    assert bookings(site, email) == 1


def test_a_question_for_places_that_nobody_answers_is_told_and_asked_again(visit: Visit) -> None:
    page = visit(breaks=True)
    page.clock.install()

    def without_events(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('data-live="1"', 'data-live="0"'))

    page.route(f"**/?date={DATE}", without_events)
    page.route("**/api/slots*", lambda _: None)
    page.goto(f"/?date={DATE}")

    with page.expect_request("**/api/slots*"):
        page.clock.run_for(15_000)
    page.clock.run_for(10_000)

    expect(page.locator("[data-toast=stale-availability]")).to_be_visible()
    with page.expect_request("**/api/slots*"):
        page.clock.run_for(15_000)
