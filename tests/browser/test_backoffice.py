"""The back office's page: entering, finding, changing, seeing how it stands; by mouse and by keys alone."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from core.mongo.client import Client
from tests.api_client import Api
from tests.browser import backoffice
from tests.browser.backoffice import CALM_DATE, HOSTILE, HOSTILE_DATE, enter, give_up, listed, look_at, shown
from tests.browser.conftest import Visit
from tests.browser.journeys import tab_to
from tests.browser.test_looks import COLOURS, faults, too_narrow
from tests.conftest import Served, serving
from tests.factories import ADMIN_KEY

WIDTHS = [375, 768, 1280]
KEPT = "Object.entries(sessionStorage)"
CHANGED_DATE, CANCELLED_DATE, RETRIED_DATE = "2026-03-25", "2026-03-27", "2026-03-29"
CLICKED_DATE = "2026-03-17"


@pytest.fixture(scope="module")
def site(replica_set: Any, mongo: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with an event that has a past; no letter leaves it, so that their states stay."""
    changes = {"SMTP_URL": "smtp://127.0.0.1:9", "MAIL_FROM": "a@example.org", "ADMIN_EMAIL": "b@example.org"}
    with serving(replica_set.uri, tmp_path_factory.mktemp("backoffice"), **changes) as served:
        backoffice.busy(served.api, served.db)
        yield served
        mongo.drop_database(served.environment["MONGODB_DATABASE"])


def booked(site: Served, date: str, **changes: Any) -> dict[str, Any]:
    slot = next(slot for slot in site.api.slots(date) if slot["remaining"])
    answer = site.api.book(slot, **changes)
    assert answer.status == 201, answer.body
    booking: dict[str, Any] = answer.json["booking"]
    return booking


def query(page: Page) -> str:
    return page.url.partition("?")[2]


def open_booking(page: Page, booking: dict[str, Any]) -> None:
    page.locator(f"#booking-{booking['id']}").click()
    expect(page.locator("#detail-title")).to_have_text(f"Booking {booking['reference']}")


def look_up(page: Page, name: str, booking: dict[str, Any]) -> None:
    """Enter, search for a guest and open their booking."""
    enter(page, f"/admin?name={name}")
    open_booking(page, booking)


# Entering and leaving


def test_a_wrong_key_is_told_and_kept_nowhere(visit: Visit) -> None:
    page = visit(refused={"/api/admin/validate"})
    page.goto("/admin")
    expect(page.locator("#key")).to_be_focused()

    for wrong in ("not the right key", "sch\u00f6n"):
        page.locator("#key").fill(wrong)
        page.get_by_role("button", name="Sign in").click()

        expect(page.locator("#notice")).to_have_text("This key is not right.")
        expect(page.locator("#key")).to_be_focused()
        expect(page.locator("#key")).to_have_value("")
        assert page.evaluate(KEPT) == []
    expect(page.get_by_role("navigation")).to_have_count(0)


def test_the_key_is_asked_for_once_and_kept_in_this_tab_alone(visit: Visit) -> None:
    page = visit(1280)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    enter(page)
    for view in ("slots", "letters", "overview", "audit"):
        look_at(page, view)
    page.reload()
    page.locator("#view h1").wait_for()

    expect(page.locator("#key")).to_be_hidden()
    assert page.evaluate(KEPT) == [["adminKey", ADMIN_KEY]]
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    assert page.context.cookies() == []
    assert len(asked) > 10
    assert not [url for url in asked if ADMIN_KEY in url]
    other = page.context.new_page()
    other.goto("/admin")
    expect(other.locator("#key")).to_be_visible()


def test_leaving_forgets_the_key_and_what_was_shown(visit: Visit) -> None:
    page = visit(1280)
    enter(page, "/admin?view=bookings&name=grace")
    expect(page.locator(".bookings-table")).to_contain_text("Grace Hopper")

    page.get_by_role("button", name="Sign out").click()

    expect(page.locator("#key")).to_be_focused()
    assert page.evaluate(KEPT) == []
    expect(page.locator("body")).not_to_contain_text("Grace Hopper")
    page.reload()
    expect(page.locator("#key")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("Grace Hopper")


def test_a_key_that_opens_no_more_leads_back_to_the_door(visit: Visit) -> None:
    page = visit(1280, refused={"/api/admin/slots"})
    enter(page)
    page.evaluate("sessionStorage.setItem('adminKey', 'a key of yesterday')")

    page.locator("[data-view=slots]").click()

    expect(page.locator("#key")).to_be_visible()
    expect(page.locator("#notice")).to_have_text("This key is not right.")
    assert page.evaluate(KEPT) == []


def test_without_scripts_the_page_says_where_else_to_go(visit: Visit) -> None:
    page = visit(java_script_enabled=False)

    page.goto("/admin")

    expect(page.get_by_text("The back office needs JavaScript")).to_be_visible()
    expect(page.locator("#key")).to_be_hidden()


# The listing


@pytest.mark.parametrize("width", WIDTHS)
def test_a_search_stands_in_the_address_and_survives_reloading_and_going_back(
    visit: Visit, site: Served, width: int
) -> None:
    page = visit(width)
    enter(page)
    everybody = shown(page)
    page.locator("#name").fill("hop")
    page.locator("#phone").fill("+44 20")
    page.locator("#country").select_option(label="United Kingdom")
    page.locator("#date").select_option(CALM_DATE)
    page.locator("#status").select_option("confirmed")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".result-count")).to_have_text("Bookings found: 1")

    found = shown(page)
    assert found == [item["reference"] for item in listed(site.api, name="hop")] != everybody
    assert query(page) == f"view=bookings&name=hop&phone=%2B44+20&date={CALM_DATE}&country=GB&status=confirmed"
    page.reload()
    expect(page.locator(".result-count")).to_have_text("Bookings found: 1")
    values = {name: page.locator(f"#{name}").input_value() for name in ("name", "phone", "date", "country", "status")}
    assert values == {"name": "hop", "phone": "+44 20", "date": CALM_DATE, "country": "GB", "status": "confirmed"}
    assert shown(page) == found
    page.go_back()
    expect(page.locator(".bookings-table .link-button")).to_have_count(25)
    assert shown(page) == everybody
    page.go_forward()
    expect(page.locator(".result-count")).to_have_text("Bookings found: 1")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".bookings-table .link-button")).to_have_count(25)


def test_a_search_that_finds_nothing_or_is_refused_says_so(visit: Visit) -> None:
    page = visit(refused={"/api/admin/bookings"})
    enter(page, "/admin?view=bookings&name=nobody+of+this+name")
    expect(page.locator("#view")).to_contain_text("No booking matches.")
    expect(page.locator("#download")).to_be_disabled()
    expect(page.locator("#download")).to_have_text("Download CSV")

    page.locator("#phone").fill("abc")
    page.get_by_role("button", name="Find").click()

    expect(page.locator("#notice")).to_have_text("Must have digits.")


def test_a_booking_is_found_by_what_a_guest_says_on_the_telephone(visit: Visit, site: Served) -> None:
    changes = {"email": "Telephone.Guest@example.org", "phone": "+4915123456789", "country": "DE"}
    mine = booked(site, CLICKED_DATE, fullName="Gladys West", **changes)
    page = visit(375)
    enter(page)

    for field, said in (
        ("reference", mine["reference"].replace("-", "").lower()),
        ("email", "telephone.GUEST@example.org"),
        ("phone", "0151 23456789"),
    ):
        page.locator(f"#{field}").fill(said)
        page.locator("#find").click()
        expect(page.locator(".result-count")).to_have_text("Bookings found: 1")
        assert shown(page) == [mine["reference"]]
        page.reload()
        expect(page.locator(f"#{field}")).to_have_value(said)
        assert shown(page) == [mine["reference"]]
        page.locator("#clear").click()
        expect(page.locator(".bookings-table .link-button")).to_have_count(25)


@pytest.mark.parametrize(
    ("field", "said", "told"),
    [
        ("reference", "K7MP", "Must be a whole reference, such as K7MP-4QXD."),
        ("email", "ada@", "Must be a whole e-mail address, such as ada@example.org."),
    ],
)
def test_half_a_reference_or_address_is_refused_in_a_sentence(visit: Visit, field: str, said: str, told: str) -> None:
    page = visit(1280, refused={"/api/admin/bookings"})
    enter(page)

    page.locator(f"#{field}").fill(said)
    page.locator("#find").click()

    expect(page.locator("#notice")).to_have_text(told)
    expect(page.locator(f"#{field}")).to_have_value(said)


def test_a_country_is_chosen_by_its_name_and_an_old_address_still_chooses_it(visit: Visit) -> None:
    page = visit(1280, refused={"/api/admin/bookings"})
    enter(page, "/admin?view=bookings&country=gb")
    expect(page.locator("#country")).to_have_value("GB")
    expect(page.locator(".bookings-table")).to_contain_text("Grace Hopper")
    expect(page.locator("#country option[value=GE]")).to_have_text("Georgia")

    page.locator("#country").select_option(label="Germany")
    page.locator("#find").click()
    expect(page.locator(".bookings-table")).to_contain_text("Bruno M\u00fcller")
    assert query(page) == "view=bookings&country=DE"
    page.goto("/admin?view=bookings&country=xx")
    expect(page.locator("#view")).to_contain_text("No booking matches.")
    expect(page.locator("#country")).to_have_value("XX")
    page.locator("#country option:checked").evaluate("at => { at.value = 'Germany'; }")
    page.locator("#find").click()
    expect(page.locator("#notice")).to_have_text("There is no such country.")


def test_a_column_is_sorted_by_its_heading_and_says_so(visit: Visit, site: Served) -> None:
    page = visit(1280)
    enter(page)
    heading = page.get_by_role("columnheader", name="Name")
    expect(page.get_by_role("columnheader", name="Booked at")).to_have_attribute("aria-sort", "descending")

    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    assert shown(page) == [item["reference"] for item in listed(site.api, sort="name")]
    expect(page.locator("#sort-name")).to_be_focused()
    page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")

    assert query(page) == "view=bookings&sort=name&order=desc"
    backwards = [item["reference"] for item in listed(site.api, sort="name", order="desc")]
    assert shown(page) == backwards
    page.reload()
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert shown(page) == backwards
    page.locator("#status").select_option("confirmed")
    page.locator("#find").click()
    confirmed = site.api.admin("GET", "/bookings", query={"status": "confirmed"}).json["total"]
    expect(page.locator(".result-count")).to_have_text(f"Bookings found: {confirmed}")
    assert shown(page) == [
        item["reference"] for item in listed(site.api, sort="name", order="desc", status="confirmed")
    ]


@pytest.mark.parametrize("sort", ["created", "name", "date", "hour", "country"])
def test_on_a_phone_cards_are_sorted_by_a_list(visit: Visit, site: Served, sort: str) -> None:
    page = visit(375)
    enter(page)

    page.locator("#sorter").focus()
    page.locator("#sorter").select_option(f"{sort} asc")

    expect(page).to_have_url(re.compile(f"sort={sort}&order=asc"))
    expect(page.locator("#view")).not_to_have_attribute("aria-busy", "true")
    assert shown(page) == [item["reference"] for item in listed(site.api, sort=sort, order="asc")]
    expect(page.locator("#sorter")).to_be_focused()


def test_a_column_that_cannot_be_sorted_by_is_no_button(visit: Visit) -> None:
    page = visit(1280)

    def fewer(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(json={**answer.json(), "sorts": ["created", "date"]})

    page.route("**/api/admin/bookings?*", fewer)
    enter(page)

    assert [each.get_attribute("id") for each in page.locator(".sort").all()] == ["sort-date", "sort-created"]
    assert page.locator("#sorter option").count() == 4


def test_pages_are_turned_and_stand_in_the_address(visit: Visit, site: Served) -> None:
    page = visit(1280)
    enter(page, "/admin?view=bookings&status=cancelled")
    expect(page.locator("#previous")).to_be_disabled()
    first = shown(page)

    page.locator("#next").click()
    expect(page.locator(".pagination")).to_contain_text("Page 2 of 3")
    expect(page.locator("#result-count")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("Bookings found: 60. Page 2 of 3")
    second = shown(page)
    page.locator("#next").click()

    expect(page.locator(".pagination")).to_contain_text("Page 3 of 3")
    expect(page.locator("#next")).to_be_disabled()
    expect(page.locator("#result-count")).to_be_focused()
    everybody = [item["reference"] for item in listed(site.api, status="cancelled", limit="100")]
    assert first + second + shown(page) == everybody
    assert query(page) == "view=bookings&status=cancelled&page=3"
    page.go_back()
    expect(page.locator(".pagination")).to_contain_text("Page 2 of 3")
    assert shown(page) == second
    page.locator("#name").fill("some")
    page.locator("#find").click()
    expect(page.locator(".pagination")).to_contain_text("Page 1 of 3")


def test_a_page_beyond_the_last_one_is_the_last_one(visit: Visit) -> None:
    page = visit(1280)

    enter(page, "/admin?view=bookings&status=cancelled&page=50")

    expect(page.locator(".pagination")).to_contain_text("Page 3 of 3")
    expect(page.locator(".bookings-table .link-button")).to_have_count(10)
    expect(page.locator("#announcer")).to_have_text("Bookings found: 60. Page 3 of 3")
    page.locator("#previous").click()
    expect(page.locator(".pagination")).to_contain_text("Page 2 of 3")


@pytest.mark.parametrize("width", WIDTHS)
def test_another_page_is_shown_from_its_top(visit: Visit, width: int) -> None:
    page = visit(width)
    enter(page, "/admin?view=bookings&status=cancelled")
    page.locator("#next").scroll_into_view_if_needed()
    expect(page.locator("#result-count")).not_to_be_in_viewport()

    page.locator("#next").click()

    expect(page.locator("#result-count")).to_be_focused()
    expect(page.locator("#result-count")).to_be_in_viewport()
    expect(page.locator(".bookings-table .link-button").first).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(page.locator("#download")).to_be_focused()


@pytest.mark.parametrize("language", ["en-GB", "de-DE"])
def test_the_active_tab_is_in_view_on_a_phone(visit: Visit, language: str) -> None:
    page = visit(320, locale=language)
    enter(page, "/admin?view=audit")

    for view in ("audit", "bookings", "overview"):
        look_at(page, view)
        expect(page.locator(f"[data-view={view}]")).to_be_in_viewport(ratio=1)
    assert page.evaluate("scrollY") == 0


def test_hostile_names_are_nothing_but_text(visit: Visit) -> None:
    page = visit(1280)

    enter(page, f"/admin?view=bookings&date={HOSTILE_DATE}&sort=hour")

    expect(page.locator(".bookings-table .link-button")).to_have_count(3)
    assert page.locator(".bookings-table td:nth-child(2)").all_text_contents() == list(HOSTILE.values())
    assert page.locator("#view img").count() == 0
    page.get_by_role("button", name=HOSTILE["html"]).click()
    expect(page.locator("#detail dd").first).to_have_text(HOSTILE["html"])
    page.locator("#cancel").click()
    expect(page.locator("#confirm-title")).to_contain_text(HOSTILE["html"])
    page.locator("#confirm-no").click()
    expect(page.locator("#confirm")).to_be_hidden()
    assert page.locator("img").count() == 0


# The download


@pytest.mark.parametrize(
    "filters", [{}, {"status": "cancelled"}, {"date": HOSTILE_DATE}, {"name": "hop", "country": "gb"}]
)
def test_the_file_holds_exactly_what_is_filtered(
    visit: Visit, site: Served, filters: dict[str, str], tmp_path: Path
) -> None:
    page = visit(1280)
    enter(page, "/admin?" + "&".join(f"{name}={value}" for name, value in filters.items()))
    wanted = listed(site.api, limit="100", **filters)

    with page.expect_download() as download:
        page.locator("#download").click()

    assert download.value.suggested_filename == "bookings.csv"
    file = tmp_path / "bookings.csv"
    download.value.save_as(file)
    assert file.read_bytes() == site.api.admin("GET", "/bookings/export", query=filters).body
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""), strict=True))
    assert [row["Reference"] for row in rows] == [item["reference"] for item in wanted]
    expect(page.locator("#notice")).to_contain_text(
        f"Saved bookings.csv: {len(wanted)} booking{'' if len(wanted) == 1 else 's, newest first'}, "
    )
    expect(page.locator("#notice")).to_contain_text(f" {round(file.stat().st_size / 1000, 1):g} kB.")
    expect(page.locator("#download")).to_be_focused()


def test_the_order_of_the_file_is_told_where_the_listing_has_another(visit: Visit) -> None:
    page = visit(1280)
    enter(page)
    told = page.get_by_text("The file begins with the newest booking.")
    expect(told).to_have_count(0)

    page.locator("#sort-name").click()
    expect(told).to_be_visible()
    page.locator("#sort-created").click()
    expect(told).to_have_count(0)
    page.locator("#sort-created").click()
    expect(told).to_be_visible()


@pytest.mark.parametrize(
    ("language", "sizes"),
    [
        ("en-GB", ["0.1 kB", "0.2 kB", "4.3 kB", "1,000 kB", "1.2 MB"]),
        ("de-DE", ["0,1 kB", "0,2 kB", "4,3 kB", "1.000 kB", "1,2 MB"]),
    ],
)
def test_sizes_are_said_in_a_unit_that_fits(visit: Visit, language: str, sizes: list[str]) -> None:
    page = visit(locale=language)
    page.goto("/admin")
    script = page.locator("script[type=module]").get_attribute("src")
    assert script

    said = page.evaluate(
        "async ([from, all]) => all.map((await import(from)).formatBytes)",
        [script.replace("main.js", "i18n.js"), [0, 217, 4321, 999_960, 1_234_567]],
    )

    # A number and its unit stay on one line.
    assert said == [text.replace(" ", "\u00a0") for text in sizes]


# A stream that gives its first half and then waits for the test to let it go on, or breaks off.
HALF_A_STREAM = """
window.fetch = ((fetch) => (address, options) => {
  if (!String(address).includes("/export")) return fetch(address, options);
  const line = new TextEncoder().encode("a,b\\r\\n");
  const body = new ReadableStream({ start(controller) {
    for (let n = 0; n < 31; n += 1) controller.enqueue(line);
    window.goOn = () => { for (let n = 0; n < 30; n += 1) controller.enqueue(line); controller.close(); };
    window.breakOff = () => controller.error(new TypeError("network error"));
    options.signal.addEventListener("abort", () => controller.error(options.signal.reason));
  } });
  const headers = { "Content-Disposition": 'attachment; filename="as-told.csv"' };
  return Promise.resolve(new Response(body, { headers }));
})(window.fetch);
"""


def test_a_long_download_says_how_far_it_is_and_is_named_by_the_service(visit: Visit) -> None:
    page = visit()
    page.add_init_script(HALF_A_STREAM)
    enter(page, "/admin?status=cancelled")

    page.locator("#download").click()
    expect(page.locator(".progress [role=status]")).to_contain_text("30 of 60 bookings")
    assert page.locator("progress").evaluate("bar => [bar.value, bar.max]") == [30, 60]
    expect(page.locator("#download-cancel")).to_be_focused()
    with page.expect_download() as download:
        page.evaluate("goOn()")

    assert download.value.suggested_filename == "as-told.csv"
    expect(page.locator("#notice")).to_contain_text("Saved as-told.csv: 60 bookings")


@pytest.mark.parametrize(("end", "said"), [("stop", "was stopped; nothing was saved"), ("break", "broke off; nothing")])
def test_a_download_that_is_stopped_or_breaks_off_saves_nothing(visit: Visit, end: str, said: str) -> None:
    page = visit(1280)
    page.add_init_script(HALF_A_STREAM)
    saved: list[Any] = []
    page.on("download", lambda download: saved.extend([download]))
    enter(page, "/admin?status=cancelled")
    page.locator("#download").click()
    expect(page.locator(".progress [role=status]")).to_contain_text("30 of 60")

    if end == "stop":
        page.keyboard.press("Enter")
    else:
        page.evaluate("breakOff()")

    expect(page.locator("#notice")).to_contain_text(said)
    expect(page.locator("#download")).to_be_focused()
    assert saved == []


# A booking


def test_a_booking_shows_its_letters_and_what_was_done(visit: Visit, site: Served) -> None:
    mine = booked(site, CHANGED_DATE, fullName="Katherine Johnson", message="One\nTwo")
    assert site.api.admin("POST", f"/bookings/{mine['id']}/resend").status == 202
    page = visit(1280)
    look_up(page, "katherine", mine)

    facts = page.locator("#detail .facts")
    for text in ("Katherine Johnson", mine["email"], mine["phone"], "Wed, 25 Mar 2026", "One\nTwo"):
        expect(facts).to_contain_text(text)
    letters = page.locator("#detail .list tbody tr")
    expect(letters).to_have_count(3)
    assert letters.locator("td:first-child").all_text_contents().count("Confirmation") == 2
    expect(page.locator(".history li")).to_have_count(1)
    expect(page.locator(".history")).to_contain_text("E-mail resent, by key-")


def test_a_letter_says_where_a_booking_moved(visit: Visit, site: Served) -> None:
    mine = booked(site, CLICKED_DATE, fullName="Christine Darden")
    to = site.api.slots(CLICKED_DATE)[-1]
    moved = site.api.held("POST", mine, "/reschedule", json={"slotId": to["_id"]})
    assert moved.status == 200, moved.body
    page = visit(1280)
    look_up(page, "darden", mine)

    told = page.locator("#detail .list tbody td:first-child").all_text_contents()
    assert f"Rescheduled to Tue, 17 Mar 2026, {to['label']}" in told


@pytest.mark.parametrize("width", WIDTHS)
def test_a_booking_is_cancelled_only_after_asking(visit: Visit, site: Served, width: int) -> None:
    mine = booked(site, CANCELLED_DATE, fullName=f"Dorothy Vaughan {width}")
    page = visit(width)
    look_up(page, f"vaughan+{width}", mine)

    page.locator("#cancel").click()
    expect(page.locator("#confirm")).to_contain_text(f"Dorothy Vaughan {width}")
    expect(page.locator("#confirm-no")).to_be_focused()
    page.locator("#confirm-no").click()
    expect(page.locator("#confirm")).to_be_hidden()
    expect(page.locator("#cancel")).to_be_focused()
    assert site.db["bookings"].find_one({"_id": mine["id"]}, {"status": 1})["status"] == "confirmed"  # type: ignore[index]
    page.locator("#cancel").click()
    page.locator("#confirm-yes").click()

    expect(page.locator("#dialog-notice")).to_have_text("Cancelled; the guest gets an e-mail.")
    expect(page.locator("#cancel")).to_have_count(0)
    expect(page.locator(".history")).to_contain_text("Cancelled, by key-")
    assert site.db["bookings"].find_one({"_id": mine["id"]}, {"status": 1})["status"] == "cancelled"  # type: ignore[index]
    page.locator("#detail-close").click()
    expect(page.locator(f"#booking-{mine['id']}")).to_be_focused()
    expect(page.locator(".bookings-table")).to_contain_text("Cancelled")


def test_a_booking_is_found_looked_at_and_cancelled_by_keys_alone(visit: Visit, site: Served) -> None:
    mine = booked(site, CANCELLED_DATE, fullName="Mary Jackson")
    page = visit(1280)
    page.goto("/admin")
    page.keyboard.type(ADMIN_KEY)
    page.keyboard.press("Enter")
    page.locator(".bookings-table").wait_for()

    tab_to(page, "#name")
    page.keyboard.type("mary jack")
    page.keyboard.press("Enter")
    expect(page.locator(".bookings-table .link-button")).to_have_count(1)
    expect(page.locator("#name")).to_be_focused()
    tab_to(page, ".bookings-table .link-button")
    page.keyboard.press("Enter")
    expect(page.locator("#detail")).to_be_visible()
    tab_to(page, "#resend")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog-notice")).to_have_text("The e-mail is on its way again.")
    page.keyboard.press("Escape")
    expect(page.locator("#detail")).to_be_hidden()
    expect(page.locator(f"#booking-{mine['id']}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#detail")).to_be_visible()
    tab_to(page, "#cancel")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#confirm")).to_be_hidden()
    expect(page.locator("#detail")).to_be_visible()
    tab_to(page, "#cancel")
    page.keyboard.press("Enter")
    tab_to(page, "#confirm-yes")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog-notice")).to_have_text("Cancelled; the guest gets an e-mail.")

    templates = [row["template"] for row in site.db["letters"].find({"about": mine["id"]})]
    assert (templates.count("guest_booking"), templates.count("guest_cancellation")) == (2, 1)


def test_the_focus_is_seen_wherever_it_is(visit: Visit) -> None:
    page = visit(1280)
    enter(page)

    for place in (
        ".skip",
        "[data-view=slots]",
        "#name",
        "#find",
        "#download",
        "#sort-name",
        ".bookings-table .link-button",
        "#next",
    ):
        page.locator("body").evaluate("document.activeElement.blur()")
        tab_to(page, place)
        outline = page.locator(":focus").evaluate(
            "at => [getComputedStyle(at).outlineStyle, getComputedStyle(at).outlineWidth]"
        )
        assert outline[0] != "none", place
        assert float(outline[1].removesuffix("px")) >= 2, place


def test_the_skip_link_leads_to_the_content(visit: Visit) -> None:
    page = visit(375)
    enter(page)
    page.locator("body").evaluate("document.activeElement.blur()")
    page.locator("#name").fill("hop")

    tab_to(page, ".skip")
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()
    expect(page.locator("#view")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#name")).to_have_value("hop")


# Slots and letters


@pytest.mark.parametrize("width", WIDTHS)
def test_a_slot_gets_another_capacity_is_closed_and_opened(visit: Visit, site: Served, width: int) -> None:
    slot = site.api.slots(CHANGED_DATE)[WIDTHS.index(width) + 2]
    page = visit(width)
    enter(page, "/admin?view=slots")
    page.locator("#date").select_option(CHANGED_DATE)
    capacity = page.locator(f"#capacity-{slot['_id']}")

    capacity.fill(str(width))
    page.locator(f"#save-{slot['_id']}").click()
    expect(page.locator("#notice")).to_have_text(f"Wed, 25 Mar 2026, {slot['label']}: capacity saved.")
    expect(page.locator(f"#save-{slot['_id']}")).to_be_focused()
    page.locator(f"#close-{slot['_id']}").click()
    expect(page.locator("#notice")).to_have_text(f"Wed, 25 Mar 2026, {slot['label']} is closed.")
    closed = next(each for each in site.api.slots(CHANGED_DATE) if each["_id"] == slot["_id"])
    assert (closed["capacity"], closed["isFull"]) == (width, True)
    page.locator(f"#close-{slot['_id']}").click()
    expect(page.locator("#notice")).to_have_text(f"Wed, 25 Mar 2026, {slot['label']} is open again.")

    opened = next(each for each in site.api.slots(CHANGED_DATE) if each["_id"] == slot["_id"])
    assert (opened["remaining"], opened["isFull"]) == (width, False)
    assert query(page) == f"view=slots&date={CHANGED_DATE}"
    page.reload()
    expect(capacity).to_have_value(str(width))


def places_of_buttons(page: Page) -> list[dict[str, float]]:
    """Return where each button and field of a view is, in the window."""
    controls = page.locator("#view :is(button, input, select)")
    found: list[dict[str, float]] = controls.evaluate_all("all => all.map(at => at.getBoundingClientRect().toJSON())")
    return found


@pytest.mark.parametrize("width", [320, 1024, *WIDTHS])
def test_a_second_click_at_the_same_point_is_for_the_same_slot(visit: Visit, site: Served, width: int) -> None:
    slots = site.api.slots(CLICKED_DATE)
    mine = slots[4]
    entries = len(site.api.admin("GET", "/audit", query={"about": mine["_id"]}).json["items"])
    page = visit(width)
    enter(page, f"/admin?view=slots&date={CLICKED_DATE}")
    turning = page.locator(f"#close-{mine['_id']}")
    turning.evaluate("at => at.scrollIntoView({ block: 'center' })")
    before = places_of_buttons(page)
    box = turning.bounding_box()
    assert box
    point = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    page.mouse.click(*point)
    expect(page.locator("#notice")).to_have_text(f"Tue, 17 Mar 2026, {mine['label']} is closed.")
    assert places_of_buttons(page) == before
    page.mouse.click(*point)
    expect(page.locator("#notice")).to_have_text(f"Tue, 17 Mar 2026, {mine['label']} is open again.")

    assert places_of_buttons(page) == before
    assert site.api.slots(CLICKED_DATE) == slots
    assert len(site.api.admin("GET", "/audit", query={"about": mine["_id"]}).json["items"]) == entries + 2


@pytest.mark.parametrize("view", ["bookings", "slots", "letters", "overview", "audit"])
def test_no_notice_moves_anything_or_takes_a_click(visit: Visit, view: str) -> None:
    for width in WIDTHS:
        page = visit(width)
        enter(page, f"/admin?view={view}")
        tell = """text => { const at = document.querySelector("#notice"); at.textContent = text;
          const { x, y, width, height } = at.getBoundingClientRect();
          return text ? document.elementFromPoint(x + width / 2, y + height / 2) === at : height; }"""
        before = page.evaluate("document.documentElement.scrollHeight"), places_of_buttons(page)

        assert page.evaluate(tell, "A sentence that is so long that it needs several lines. " * 4) is False
        expect(page.locator("#notice")).to_be_in_viewport()
        assert (page.evaluate("document.documentElement.scrollHeight"), places_of_buttons(page)) == before
        assert page.evaluate(tell, "") == 0
        assert (page.evaluate("document.documentElement.scrollHeight"), places_of_buttons(page)) == before


@pytest.mark.parametrize("width", WIDTHS)
def test_a_second_click_on_a_booking_is_for_the_same_button(visit: Visit, site: Served, width: int) -> None:
    mine = booked(site, CLICKED_DATE, fullName=f"Annie Easley {width}")
    page = visit(width)
    look_up(page, f"easley+{width}", mine)
    before = page.locator("#resend").bounding_box()

    page.locator("#resend").click()
    expect(page.locator("#dialog-notice")).to_have_text("The e-mail is on its way again.")

    expect(page.locator("#detail .list tbody tr")).to_have_count(3)
    expect(page.locator("#dialog-notice")).to_be_in_viewport()
    assert page.locator("#resend").bounding_box() == before


@pytest.mark.parametrize("width", WIDTHS)
def test_a_key_that_is_refused_is_told_by_the_card_which_stays(visit: Visit, width: int) -> None:
    page = visit(width, refused={"/api/admin/validate"})
    page.goto("/admin")
    page.locator("#key").fill("not the right key")
    before = page.locator("#login").bounding_box()

    page.get_by_role("button", name="Sign in").click()

    expect(page.locator("#notice")).to_have_text("This key is not right.")
    card, told = page.locator("#login").bounding_box(), page.locator("#notice").bounding_box()
    assert card == before
    assert card and told
    assert (told["x"], told["width"]) == (card["x"], card["width"])
    assert 0 < told["y"] - (card["y"] + card["height"]) < 32


def test_a_capacity_below_what_is_booked_is_refused_and_told(visit: Visit, site: Served) -> None:
    slot = site.api.slots(HOSTILE_DATE)[0]
    page = visit(1280, refused={f"/api/admin/slots/{slot['_id']}"})
    enter(page, f"/admin?view=slots&date={HOSTILE_DATE}")

    page.locator(f"#capacity-{slot['_id']}").fill("0")
    page.keyboard.press("Enter")

    expect(page.locator("#notice")).to_have_class("notice is-error")
    expect(page.locator("#notice")).to_have_text(f"{slot['label']}: More places are booked than this capacity.")
    expect(page.locator(f"#capacity-{slot['_id']}")).to_have_value("4")
    assert site.api.slots(HOSTILE_DATE)[0]["capacity"] == 4


@pytest.mark.parametrize("width", WIDTHS)
def test_a_letter_that_was_given_up_is_tried_again(visit: Visit, site: Served, width: int) -> None:
    mine = booked(site, RETRIED_DATE)
    give_up(site.db, f"{mine['id']}-guest")
    page = visit(width)
    enter(page, "/admin?view=letters")
    row = page.locator(".list tbody tr", has_text=mine["email"])
    expect(row).to_contain_text("mail server: 550 no such user")

    row.get_by_role("button", name=f"Try again: Confirmation to {mine['email']}").click()

    expect(page.locator("#notice")).to_have_text("The e-mail is being sent again.")
    expect(row).to_have_count(0)
    letter = site.db["letters"].find_one({"_id": f"{mine['id']}-guest"})
    assert letter
    assert letter["state"] != "dead"
    page.locator("#state").select_option("any")
    expect(page.locator(".list tbody tr", has_text=mine["email"])).to_have_count(1)
    assert query(page) == "view=letters&state=any"


def test_letters_are_read_in_parts(visit: Visit, site: Served) -> None:
    mine = site.api.book(site.api.slots("2026-03-31")[1]).json["booking"]
    row = site.db["letters"].find_one({"_id": f"{mine['id']}-guest"}) or {}
    row.pop("dueAt", None)
    given = {"state": "dead", "lastError": "mail server: 550", "about": "many"}
    rows = [
        {**row, **given, "_id": f"{number:032x}-guest", "to": f"many{number}@example.org",
         "createdAt": datetime(2126, 3, 1, 0, number, tzinfo=UTC)}
        for number in range(52)
    ]  # fmt: skip
    site.db["letters"].insert_many(rows)
    page = visit(1280)
    letters = page.locator(".list tbody tr")

    enter(page, "/admin?view=letters")

    expect(letters).to_have_count(50)
    expect(letters.first).to_contain_text("many51@example.org")
    page.locator("#older").click()
    expect(letters.first).to_contain_text("many1@example.org")
    expect(letters.nth(1)).to_contain_text("many0@example.org")
    expect(page.locator("#letters")).to_be_focused()
    page.go_back()
    expect(letters.first).to_contain_text("many51@example.org")
    site.db["letters"].delete_many({"about": "many"})


def test_the_audit_is_read_in_parts(visit: Visit, site: Served) -> None:
    slot = site.api.slots("2026-03-31")[0]
    for capacity in range(10, 62):
        assert site.api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": capacity}).status == 200
    page = visit(1280)

    enter(page, "/admin?view=audit")

    expect(page.locator(".list tbody tr")).to_have_count(50)
    expect(page.locator(".list tbody tr").first).to_contain_text("capacity: 61")
    page.locator("#older").click()
    expect(page.locator(".list tbody")).not_to_contain_text("capacity: 61")
    expect(page.locator(".list tbody")).to_contain_text("capacity: 11")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_audit_names_what_it_is_about_and_leads_there(visit: Visit, site: Served, width: int) -> None:
    mine = booked(site, CLICKED_DATE, fullName=f"Melba Mouton {width}")
    assert site.api.admin("POST", f"/bookings/{mine['id']}/resend").status == 202
    slot = site.api.slots(CLICKED_DATE)[0]
    for closed in (True, False):
        assert site.api.admin("PATCH", f"/slots/{slot['_id']}", json={"closed": closed}).status == 200
    page = visit(width)
    enter(page, "/admin?view=audit")
    expect(page.locator(".list")).not_to_contain_text(slot["_id"])
    expect(page.locator(".list")).not_to_contain_text(mine["id"])

    opener = page.get_by_role("button", name=f"Booking {mine['reference']}")
    opener.click()
    expect(page.locator("#detail-title")).to_have_text(f"Booking {mine['reference']}")
    page.locator("#detail-close").click()
    expect(opener).to_be_focused()
    page.get_by_role("link", name=f"Tue, 17 Mar 2026, {slot['label']}").first.click()

    expect(page.locator(f"#close-{slot['_id']}")).to_be_visible()
    assert query(page) == f"view=slots&date={CLICKED_DATE}"


def test_a_booking_of_the_audit_that_is_not_found_is_told(visit: Visit, site: Served) -> None:
    mine = booked(site, CLICKED_DATE)
    assert site.api.admin("POST", f"/bookings/{mine['id']}/resend").status == 202
    page = visit(1280)
    page.route("**/api/admin/bookings?*", lambda route: route.fulfill(json={"items": []}))
    enter(page, "/admin?view=audit")

    page.get_by_role("button", name=f"Booking {mine['reference']}").click()

    expect(page.locator("#notice")).to_have_text("There is no such booking.")


# The overview


def contrast(page: Page, one: str, other: str) -> float:
    """Return the contrast of two colours as a browser writes them."""

    def light(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def offered(api: Api) -> int:
    """Return how many places guests are offered."""
    return sum(date["remaining"] for date in api.get("/api/dates").json["dates"])


def fill_of(page: Page, selector: str, name: str = "fill") -> str:
    return str(page.locator(selector).first.evaluate(f"at => getComputedStyle(at).{name}"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_plots_are_images_with_names_numbers_and_tables(visit: Visit, site: Served, width: int, scheme: str) -> None:
    closed = site.api.slots(HOSTILE_DATE)[-1]["_id"]
    assert site.api.admin("PATCH", f"/slots/{closed}", json={"closed": True}).status == 200
    page = visit(width, color_scheme=scheme)
    enter(page, "/admin?view=overview")

    for name in ("Booked by date and hour", "Bookings made, by day", "E-mails by state"):
        expect(page.get_by_role("img", name=name)).to_be_visible()
    stats = site.api.admin("GET", "/stats").json
    assert page.locator(".total strong").first.text_content() == f"{stats['seats']:,}"
    expect(page.locator(".total", has_text="still free").locator("strong")).to_have_text(f"{offered(site.api):,}")
    cells = page.locator(".cell text").all_text_contents()
    assert len(cells) == len(site.api.admin("GET", "/slots").json)
    page.locator("#table-fill summary").click()
    rows = page.locator("#table-fill tbody tr")
    expect(rows).to_have_count(16)
    expect(rows.filter(has_text="21 Mar 2026")).to_contain_text("1/4")
    assert int(str(page.locator("#table-letters tr", has_text="given up").locator("td").text_content())) >= 1
    assert sum(int(text) for text in page.locator("#table-bookings td").all_text_contents()) >= 60
    view = page.locator("#view").bounding_box()
    assert view
    for plot in page.locator(".plot svg").all():
        box = plot.bounding_box()
        assert box
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        assert float(str(plot.get_attribute("width"))) == pytest.approx(box["width"], abs=1)  # text is not scaled
        assert box["width"] >= view["width"] - 50


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_of_plots_are_told_apart(visit: Visit, scheme: str) -> None:
    page = visit(1280, color_scheme=scheme)
    enter(page, "/admin?view=overview")
    ground = fill_of(page, ".plot", "backgroundColor")
    # One cell of each level, whatever the event is like.
    page.evaluate(
        "document.querySelectorAll('.cell').forEach((cell, n) => cell.setAttribute('class', `cell level-${n % 5}`))"
    )

    for level in range(5):
        inside = fill_of(page, f".level-{level} rect")
        assert contrast(page, fill_of(page, f".level-{level} text"), inside) >= 4.5, level
        assert contrast(page, fill_of(page, f".level-{level} rect", "stroke"), ground) >= 3, level
    for bar in (".plot-bookings .bar rect", ".state-dead", ".state-sent", ".state-queued", ".state-retrying"):
        assert contrast(page, fill_of(page, bar), ground) >= 3, bar
    assert contrast(page, fill_of(page, ".axis text"), ground) >= 4.5


def test_plots_fit_again_when_the_window_changes(visit: Visit) -> None:
    page = visit(1280)
    enter(page, "/admin?view=overview")
    before = page.locator(".plot-fill").get_attribute("width")

    page.set_viewport_size({"width": 768, "height": 800})

    expect(page.locator(".plot-fill")).not_to_have_attribute("width", str(before))


# Every view for every eye


def views(page: Page) -> Iterator[str]:
    """Show one view after the other."""
    page.goto("/admin")
    page.locator("#key").wait_for()
    yield "enter"
    enter(page)
    yield "bookings"
    page.locator(".bookings-table .link-button").first.click()
    page.locator("#detail-title").wait_for()
    yield "detail"
    page.keyboard.press("Escape")
    page.goto("/admin?status=confirmed&name=hop")
    page.locator(".bookings-table .link-button").first.click()
    page.locator("#cancel").click()
    page.locator("#confirm-title").wait_for()
    yield "confirm"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    for view in ("slots", "letters", "overview", "audit"):
        look_at(page, view)
        for table in page.locator("details summary").all():
            table.click()
        yield view


def test_every_view_is_for_everybody_at_every_width_in_light_and_dark(visit: Visit, site: Served) -> None:
    page = visit(1280, color_scheme="light", reduced_motion="reduce")
    seen: dict[str, list[str]] = {}

    for name in views(page):
        found = faults(page) + too_narrow(page, (320, 1024, 1250, *WIDTHS))
        page.set_viewport_size({"width": 375, "height": 800})
        found += faults(page)
        page.emulate_media(color_scheme="dark")
        found += faults(page, COLOURS)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 800})
        seen[name] = found

    names = ("enter", "bookings", "detail", "confirm", "slots", "letters", "overview", "audit")
    assert seen == {name: [] for name in names}


# In German


def looked_over(page: Page) -> list[str]:
    """Return the faults of a view in two widths, light and dark."""
    found = []
    for width in (1280, 375):
        found += too_narrow(page, [width]) + faults(page)
        page.emulate_media(color_scheme="dark")
        found += faults(page, COLOURS)
        page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 800})
    return found


def test_the_organiser_works_in_german(visit: Visit, site: Served) -> None:
    slot = site.api.slots(HOSTILE_DATE)[0]
    refused = {"/api/admin/validate", f"/api/admin/slots/{slot['_id']}", "/api/admin/bookings"}
    page = visit(1280, locale="de-DE", color_scheme="light", reduced_motion="reduce", refused=refused)

    page.goto("/admin")
    page.get_by_label("Administrationsschlüssel").fill("falsch")
    page.get_by_role("button", name="Anmelden").click()
    expect(page.locator("#notice")).to_have_text("Dieser Schlüssel ist nicht richtig.")
    enter(page, "/admin?name=hop")
    expect(page.locator(".result-count")).to_have_text("Gefundene Buchungen: 1")
    expect(page).to_have_title("Buchungen · Verwaltung")
    expect(page.locator(".bookings-table")).to_contain_text("Mo., 23. März 2026")
    assert looked_over(page) == []
    page.locator(".bookings-table .link-button").click()
    expect(page.locator("#detail-title")).to_contain_text("Buchung ")
    expect(page.locator("#detail .list")).to_contain_text("fehlgeschlagen")
    assert looked_over(page) == []
    page.keyboard.press("Escape")
    page.locator("#phone").fill("abc")
    page.locator("#find").click()
    expect(page.locator("#notice")).to_have_text("Bitte geben Sie in der Telefonnummer Ziffern ein.")
    page.goto(f"/admin?view=slots&date={HOSTILE_DATE}")
    page.locator(f"#capacity-{slot['_id']}").fill("0")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_have_text(
        f"{slot['label']}: Es sind schon mehr Plätze gebucht, als Sie angegeben haben."
    )
    look_at(page, "overview")
    expect(page.get_by_role("img", name="Belegung nach Tag und Uhrzeit")).to_be_visible()
    expect(page.locator(".plot-fill .axis text").filter(has_text="21. März")).to_have_count(1)
    page.locator("#table-fill summary").click()
    expect(page.locator("#table-fill tbody tr").filter(has_text="21.03.2026")).to_contain_text("1/4")
    assert looked_over(page) == []


def test_another_language_shows_the_same_view_without_asking_for_the_key_again(visit: Visit) -> None:
    page = visit(1280)
    enter(page)
    page.locator("#name").fill("hop")
    page.locator("#find").click()
    expect(page.locator(".result-count")).to_have_text("Bookings found: 1")

    page.get_by_role("button", name="Deutsch").click()

    expect(page.locator(".result-count")).to_have_text("Gefundene Buchungen: 1")
    assert query(page).startswith("view=bookings&name=hop")
    assert page.evaluate(KEPT) == [["adminKey", ADMIN_KEY]]
