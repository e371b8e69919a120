"""A full slot, the waiting list, and another day without scripts."""

from __future__ import annotations

import re

from werkzeug.test import TestResponse

from core.mongo.client import Db
from tests.api.pages.page_browser import DATE, ODD, Browser, fill, shown, value, wrong
from tests.api_client import Api


def entry_path(response: TestResponse) -> str:
    """Return the path of the waiting entry that a form leads to, without the receipt of its first view."""
    return response.headers["Location"].partition("/joined?")[0]


# A full slot


def test_a_full_slot_offers_the_nearest_hours_and_the_waiting_list(browser: Browser, api: Api, db: Db) -> None:
    slots = api.slots(DATE)
    fill(api, slots[0])
    form = browser.form(slots[0], email="ada@example.org")

    refused = browser.send(form)
    instead = re.findall(r'id="alternative-(\w+)"', refused.text)

    assert (refused.status_code, "10:00 to 11:00 on Thursday 5 March is full." in shown(refused)) == (409, True)
    assert instead == [slot["_id"] for slot in slots[1:4]]
    assert 'class="submit-actions submit-actions-both"' in refused.text
    assert browser.send({**form, "slotId": instead[0]}).status_code == 303
    client = browser.app.test_client()
    joined = client.post("/", data={**form, "action": "wait"})
    entry = db["waitlist"].find_one() or {}
    assert (joined.status_code, entry_path(joined)) == (303, f"/waitlist/{entry['_id']}")
    assert "number 1 on the waiting list" in client.get(joined.headers["Location"], follow_redirects=True).text


def test_joining_asks_for_the_same_details_and_says_when_there_is_no_need(browser: Browser, api: Api, db: Db) -> None:
    slots = api.slots(DATE)
    fill(api, slots[0])

    empty = browser.send(browser.form(slots[0], action="wait", email=""))
    nowhere = browser.send(browser.form(None, action="wait"))
    free = browser.send(browser.form(slots[1], action="wait"))
    waiting = browser.form(slots[0], action="wait")
    twice = [browser.send(waiting), browser.send(waiting)]
    another = browser.send({**waiting, "form": browser.form(None)["form"]})

    assert (empty.status_code, wrong(empty.text, "email") != "") == (400, True)
    assert (nowhere.status_code, wrong(nowhere.text, "slotId")) == (404, "Choose an hour.")
    assert (free.status_code, "has just come free" in shown(free)) == (409, True)
    assert [(answer.status_code, entry_path(answer)) for answer in twice] == [
        (303, f"/waitlist/{entry['_id']}") for entry in db["waitlist"].find()
    ] * 2
    assert (another.status_code, "waiting list already" in shown(another)) == (409, True)


def test_replayed_waitlist_form_redirects_to_its_entry_in_any_state(browser: Browser, api: Api, db: Db) -> None:
    slot = api.slots(DATE)[0]
    places = [api.book(slot).json["booking"] for _ in range(4)]
    waiting = browser.form(slot, action="wait")
    first = browser.send(waiting)
    api.held("DELETE", places[0])

    again = browser.send(waiting)
    another = browser.send({**waiting, "form": browser.form(None)["form"]})

    assert (again.status_code, entry_path(again)) == (303, entry_path(first))
    assert another.status_code == 409
    assert [entry["state"] for entry in db["waitlist"].find()] == ["promoted"]


def test_a_form_sent_again_after_leaving_leads_to_the_entry_that_was_left(browser: Browser, api: Api, db: Db) -> None:
    slot = api.slots(DATE)[0]
    fill(api, slot)
    waiting = browser.form(slot, action="wait")
    browser.clock.pass_by(seconds=5)
    client = browser.app.test_client()  # Keeps the cookie that opens the entry.
    first = client.post("/", data=waiting)
    assert client.post(f"{entry_path(first)}/leave").status_code == 303

    again = browser.send(waiting)

    assert (again.status_code, entry_path(again)) == (303, entry_path(first))
    assert [entry["state"] for entry in db["waitlist"].find()] == ["left"]
    assert api.admin("GET", "/slots", query={"date": DATE}).json[0]["waiting"] == 0
    repeat = browser.send({**waiting, "form": browser.form(None)["form"]})
    assert (repeat.status_code, entry_path(repeat) != entry_path(first)) == (303, True)


# Another day without scripts


def test_another_day_keeps_what_was_typed_and_asks_for_nothing_yet(browser: Browser, api: Api, db: Db) -> None:
    slot, page = api.slots(DATE)[0], browser.page()
    form = browser.form(slot, page, fullName="A", message="Two of us", look="2026-03-07")
    del form["action"]

    answer = browser.send(form, after=0)

    assert (answer.status_code, 'data-date="2026-03-07"' in answer.text) == (200, True)
    assert [value(answer.text, name) for name in ("fullName", "email", "message")] == [
        "A", form["email"], "Two of us",
    ]  # fmt: skip
    assert form["form"] in answer.text, "the form keeps its key and its age"
    assert "<h2>Please check" not in answer.text
    assert browser.send({**form, "look": "2026-03-08"}).status_code == 400
    assert 'data-date="2026-03-05"' in browser.send({**form, "look": "", "month": "2026-03"}).text
    assert db["bookings"].count_documents({}) == 0


def test_days_are_buttons_of_the_form_only_where_there_is_one(browser: Browser) -> None:
    month, day = browser.page("/"), browser.page()

    assert re.findall(r'<button[^>]* name="look"', month) == []
    assert re.findall(r'form="form" name="look" value="([^"]+)" formnovalidate', day) == ODD
    # Enter in a field presses the first button of the form: that must be no day and no language.
    assert re.findall(r'<button[^>]* form="form"[^>]*>', day)[0] == (
        '<button class="visually-hidden" form="form" tabindex="-1" aria-hidden="true">'
    )
