"""Waiting for a full hour as a party: the number of places is part of the form, and an entry keeps the first one."""

from __future__ import annotations

import re

import pytest
from flask import Flask

import wiring
from core.mongo.client import Db
from core.web.context import runtime_of
from tests.api.pages.page_browser import DATE, Browser, shown, wrong
from tests.api_client import Api

WAITS = {
    "en": "You are on this hour's waiting list already, for the number of places that you chose first. That stays so",
    "de": "Sie stehen für diese Uhrzeit schon auf der Warteliste, mit der Zahl der Plätze",
}


@pytest.fixture
def party_db(party_app: Flask) -> Db:
    return runtime_of(party_app).get(wiring.Services).db


def fill_slot(api: Api) -> dict[str, str]:
    """Book all four places of the first slot; returns it."""
    slot: dict[str, str] = api.slots(DATE)[0]
    for seats in (3, 1):
        assert api.book(slot, seats=seats).status == 201
    return slot


def entries(db: Db) -> list[tuple[str, int]]:
    """Return the state and the places of each waiting-list entry in order."""
    return [(entry["state"], entry.get("seats", 1)) for entry in db["waitlist"].find().sort("_id")]


def test_number_of_places_is_chosen_where_a_full_hour_is_refused(
    visitor: Browser, party_api: Api, party_db: Db
) -> None:
    slot = fill_slot(party_api)
    form = visitor.form(slot, seats="2")

    refused = visitor.send(form)
    joined = visitor.send({**form, "action": "wait", "seats": "3"})

    # The choice of the refused form stands above the button that joins the waiting list.
    assert re.search(r'<select id="seats" name="seats"[^>]*>\s*<option>1</option>\s*<option selected>2', refused.text)
    assert refused.text.index('id="seats"') < refused.text.index('value="wait"')
    assert joined.status_code == 303
    assert entries(party_db) == [("waiting", 3)]


@pytest.mark.parametrize("seats", ["0", "4", "1.5", "two", "-1"])
def test_wrong_number_of_places_to_wait_for_is_refused_beside_it(
    visitor: Browser, party_api: Api, party_db: Db, seats: str
) -> None:
    slot = fill_slot(party_api)

    refused = visitor.send(visitor.form(slot, seats=seats, action="wait"))

    assert (refused.status_code, wrong(refused.text, "seats")) == (400, "Choose how many places you need.")
    assert entries(party_db) == []


def test_party_that_the_hour_never_has_is_refused_beside_it(visitor: Browser, party_api: Api, party_db: Db) -> None:
    slot = party_api.slots(DATE)[0]
    assert party_api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 2}).status == 200

    refused = visitor.send(visitor.form(slot, seats="3", action="wait"))

    assert refused.status_code == 409
    assert wrong(refused.text, "slotId") == "This hour never has so many places. Please choose another one."
    assert entries(party_db) == []


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("is_same_form", [True, False])
def test_guest_who_waits_keeps_the_entry_with_its_first_party(
    visitor: Browser, party_api: Api, party_db: Db, *, is_same_form: bool, language: str
) -> None:
    slot = fill_slot(party_api)
    form = visitor.form(slot, seats="2", action="wait")
    assert visitor.send(form).status_code == 303
    other = {**form, "seats": "3"}
    if not is_same_form:
        other["form"] = visitor.form(None)["form"]

    refused = visitor.send(other, headers={"Accept-Language": language})
    repeated = visitor.send(form)

    assert refused.status_code == 409
    assert WAITS[language] in wrong(refused.text, "slotId")
    assert f'id="email" name="email" type="email" value="{form["email"]}"' in shown(refused)
    assert repeated.status_code == 303
    assert entries(party_db) == [("waiting", 2)]
    assert party_api.admin("GET", "/slots", query={"date": DATE}).json[0]["waiting"] == 1


def test_form_sent_again_after_leaving_shows_the_entry_for_any_party(
    visitor: Browser, party_api: Api, party_db: Db
) -> None:
    slot = fill_slot(party_api)
    form = visitor.form(slot, seats="2", action="wait")
    visitor.clock.pass_by(seconds=5)
    client = visitor.app.test_client()
    first = client.post("/", data=form)
    path = first.headers["Location"].partition("/joined?")[0]
    assert client.post(f"{path}/leave").status_code == 303

    again = visitor.send({**form, "seats": "3"})

    assert again.headers["Location"].startswith(path)
    assert entries(party_db) == [("left", 2)]
