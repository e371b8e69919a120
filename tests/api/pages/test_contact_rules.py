"""Contact data that the schedule file requires, allows or turns off: form, API, document and CSV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.config.settings import ROOT
from core.web import schema_variants
from tests.api.conftest import Clock
from tests.api.pages.page_browser import DATE, Browser, wrong
from tests.api_client import Api, over_app
from tests.factories import person

SHIPPED = (ROOT / "schedules" / "march_2026.toml").read_text(encoding="utf-8")
OPTIONAL = 'phone = "optional"\ncountry = "optional"\ncity = "required"'
OFF = 'phone = "off"\ncountry = "off"\ncity = "off"'
Site = Callable[[str], tuple[Api, Browser]]


@pytest.fixture
def site(make_app: Callable[..., Flask], clock: Clock, tmp_path: Path) -> Site:
    """Return the API and a browser of an application with a table [fields]."""

    def make(fields: str) -> tuple[Api, Browser]:
        file = tmp_path / "schedule.toml"
        file.write_text(f"{SHIPPED}\n[fields]\n{fields}\n", encoding="utf-8")
        app = make_app(SCHEDULE_FILE=str(file), clock=clock, RATE_LIMIT_BOOKINGS="1000 per hour")
        return Api(over_app(app)), Browser(app, clock)

    return make


def body(api: Api, **changes: Any) -> dict[str, Any]:
    """Return the JSON of a booking; members that are None are left out."""
    slot = api.slots(DATE)[0]
    members = {**person(), "date": DATE, "slotId": slot["_id"], "city": "Berlin", **changes}
    return {name: value for name, value in members.items() if value is not None}


def book(api: Api, **changes: Any) -> Any:
    return api.send("POST", "/api/bookings", json=body(api, **changes))


@pytest.mark.parametrize("changes", [{"phone": None, "country": None}, {"phone": "", "country": ""}, {"phone": ""}])
def test_optional_phone_and_country_may_be_left_out(site: Site, changes: dict[str, Any]) -> None:
    api, _ = site(OPTIONAL)

    answer = book(api, **changes)

    assert answer.status == 201, answer.json
    assert answer.json["booking"]["phone"] == ""
    assert answer.json["booking"]["country"] == ({"country": "US", **changes}["country"] or "")


BAD: list[tuple[str, dict[str, Any], str]] = [
    (OPTIONAL, {"phone": "123"}, "phone"),
    (OPTIONAL, {"phone": "+1"}, "phone"),
    (OPTIONAL, {"phone": 5}, "phone"),
    (OPTIONAL, {"phone": None, "country": "ZZ"}, "country"),
    (OPTIONAL, {"phone": None, "country": "de"}, "country"),
    (OPTIONAL, {"phone": {"$gt": ""}}, "phone"),
    (OPTIONAL, {"country": {"$gt": ""}}, "country"),
    (OPTIONAL, {"country": "DE", "phone": "+14155550123"}, "country"),
    (OPTIONAL, {"city": None}, "city"),
    (OPTIONAL, {"city": "  "}, "city"),
    (OPTIONAL, {"city": "x" * 81}, "city"),
    (OPTIONAL, {"city": "a\x00b"}, "city"),
    ("", {"phone": None}, "phone"),
    ("", {"phone": ""}, "phone"),
    ("", {"country": None}, "country"),
    ("", {"country": ""}, "country"),
]


@pytest.mark.parametrize(("fields", "changes", "wrong_field"), BAD)
def test_invalid_contact_data_is_refused_by_its_rule(
    site: Site, fields: str, changes: dict[str, Any], wrong_field: str
) -> None:
    api, _ = site(fields)

    answer = book(api, **changes)

    assert (answer.status, list(answer.json["errors"])) == (400, [wrong_field])


@pytest.mark.parametrize(
    "given", [{}, {"phone": {"$gt": ""}, "country": 5, "city": ["x"]}, {"phone": None, "country": None, "city": None}]
)
def test_fields_that_are_off_are_dropped(site: Site, given: dict[str, Any]) -> None:
    api, _ = site(OFF)

    answer = api.send("POST", "/api/bookings", json={**body(api), **given})

    assert answer.status == 201, answer.json
    assert [answer.json["booking"][name] for name in ("phone", "country", "city")] == ["", "", ""]


def test_waiting_list_follows_the_rules(site: Site) -> None:
    api, _ = site(OPTIONAL)
    slot = api.slots(DATE)[0]
    fill_without_numbers(api, slot)
    guest = {name: value for name, value in person().items() if name in ("fullName", "email")}

    answer = api.send("POST", f"/api/slots/{slot['_id']}/waitlist", json=guest)

    assert answer.status == 202, answer.json
    assert (answer.json["entry"]["phone"], answer.json["entry"]["country"]) == ("", "")


def fill_without_numbers(api: Api, slot: dict[str, Any]) -> None:
    for _ in range(4):
        assert book(api, slotId=slot["_id"], phone=None, country=None).status == 201


@pytest.mark.parametrize(
    ("fields", "required", "missing"),
    [
        ("", ["country", "date", "email", "fullName", "phone", "slotId"], []),
        (OPTIONAL, ["city", "date", "email", "fullName", "slotId"], []),
        (OFF, ["date", "email", "fullName", "slotId"], ["city", "country", "phone"]),
    ],
)
def test_document_states_the_rules(site: Site, fields: str, required: list[str], missing: list[str]) -> None:
    api, _ = site(fields)

    schema = api.get("/api/openapi.json").json["components"]["schemas"]["NewBooking"]

    assert sorted(schema["required"]) == required
    assert [name for name in ("city", "country", "phone") if name not in schema["properties"]] == missing


def test_form_marks_optional_fields(site: Site) -> None:
    _, browser = site(OPTIONAL)

    page = browser.page()

    assert page.count("(optional)") == 3  # phone, country and the message
    assert 'name="city" type="text" value="" required' in page


def test_form_without_optional_fields_books(site: Site) -> None:
    api, browser = site(OPTIONAL)

    refused = browser.send(browser.form(api.slots(DATE)[0], phone="", country="", city=""))
    answer = browser.send(browser.form(api.slots(DATE)[0], phone="", country="", city="Berlin"))

    assert (refused.status_code, wrong(refused.text, "city")) == (400, "Enter a city in at most 80 characters.")
    assert answer.status_code == 303


def test_form_does_not_show_fields_that_are_off(site: Site) -> None:
    api, browser = site(OFF)

    page = browser.page()
    answer = browser.send(browser.form(api.slots(DATE)[0], phone="", country=""))

    for name in ("phone", "country", "city"):
        assert f'name="{name}"' not in page
    assert answer.status_code == 303


def test_form_without_a_country_takes_international_numbers(site: Site) -> None:
    api, browser = site('country = "off"')

    page = browser.page()
    refused = browser.send(browser.form(api.slots(DATE)[0], phone="030 123456", country=""))
    answer = browser.send(browser.form(api.slots(DATE)[0], phone="+49 30 123456", country=""))

    assert "Write the number with + and the country" in page
    assert (refused.status_code, wrong(refused.text, "phone")[:26]) == (400, "Enter a valid phone number")
    assert answer.status_code == 303


def test_country_without_a_phone_has_a_message_of_its_own(site: Site) -> None:
    api, browser = site('phone = "off"')

    refused = browser.send(browser.form(api.slots(DATE)[0], phone="", country=""))

    assert wrong(refused.text, "country") == "Choose your country."


@pytest.mark.parametrize("fields", [OPTIONAL, OFF])
def test_csv_and_stored_data_have_empty_fields(site: Site, fields: str) -> None:
    api, _ = site(fields)
    booking = book(api, phone=None, country=None).json["booking"]

    row = api.admin("GET", "/bookings/export").body.decode().splitlines()[1]
    data = api.held("GET", booking, "/data").json["booking"]

    assert row.split(",")[2:4] == ['""', '""']
    assert (data["phone"], data["country"]) == ("", "")


@pytest.mark.parametrize("value", ['"maybe"', "1", "true", '["off"]', '""'])
def test_unusable_rule_stops_the_start(site: Site, value: str) -> None:
    with pytest.raises(SystemExit):
        site(f"phone = {value}")


@pytest.mark.parametrize("name", ["email", "fullName", "zip"])
def test_rule_of_another_field_stops_the_start(site: Site, name: str) -> None:
    with pytest.raises(SystemExit):
        site(f'{name} = "optional"')


def test_plain_request_without_optional_fields_needs_no_schema(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    api, _ = site(OPTIONAL)
    monkeypatch.setattr(schema_variants, "instance_of", None)

    assert book(api, phone=None, country=None).status == 201
    assert book(api, phone=None, country=None, email="ada@example.org").status == 201


def test_control_without_variants_optional_fields_are_required(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_variants, "install", lambda *_: None)
    api, _ = site(OPTIONAL)

    assert book(api, phone=None).status == 400
