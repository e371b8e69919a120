"""The served document describes every route, and every route does what the document says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import wiring
from tests.api_client import Answer, Api, Transport, over_app
from tests.factories import ADMIN_KEY, contact

# What machines ask and what serves the document itself.
UNDOCUMENTED = {"/api/health", "/api/ready", "/api/openapi.json", "/api/docs", "/api/docs/{name}"}
METHODS = {"get", "post", "put", "patch", "delete"}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield method, path, item[method]


@pytest.fixture
def document(quiet: Api) -> dict[str, Any]:
    answer = quiet.get("/api/openapi.json")
    assert answer.status == 200
    found: dict[str, Any] = answer.json
    return found


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["info"]["title"]


def test_the_document_lists_every_route_and_no_other(document: dict[str, Any], app: Flask) -> None:
    routes = {
        (method.lower(), rule.rule.replace("<path:", "<").replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/")
    }

    listed = {(method, path) for method, path, _ in operations(document)}

    assert listed == {(method, path) for method, path in routes if path not in UNDOCUMENTED}
    assert len(listed) >= 14


def test_every_operation_says_what_it_does_and_how_it_refuses(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        assert operation["summary"], path
        refusals = {status: answer for status, answer in operation["responses"].items() if status[0] in "45"}
        assert {"400", "429", "503"} <= refusals.keys(), (method, path)
        for answer in (*refusals.values(), operation["responses"]["default"]):
            assert list(answer["content"]) == ["application/problem+json"], (method, path)


def test_the_back_office_is_documented_with_its_key(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["adminKey"] == {
        "type": "apiKey",
        "in": "header",
        "name": "X-Admin-Key",
    }
    for _, path, operation in operations(document):
        guarded = operation.get("security") == [{"adminKey": []}, {"accessToken": []}]
        assert guarded == path.startswith("/api/admin/"), path


def test_views_for_people_are_documented_with_their_token(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["accessToken"] == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    assert schemes["refreshCookie"] == {"type": "apiKey", "in": "cookie", "name": "refreshToken"}
    for _, path, operation in operations(document):
        guarded = operation.get("security", [{}])[-1].keys() & {"accessToken", "refreshCookie"}
        checks_credentials = path in ("/api/auth/login", "/api/bookings", "/api/events/{event_id}")
        assert ("401" in operation["responses"]) == (bool(guarded) or checks_credentials), path


def within(part: Any, where: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object of a document, with its place."""
    if isinstance(part, dict):
        yield where, part
    for name, inner in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        yield from within(inner, f"{where}/{name}")


# What Python's expressions have and those of ECMA 262 have not, or read otherwise.
PYTHONS_OWN = re.compile(r"\\[AZz]|\(\?P|\(\?[#aiLmsux]|\(\?\(|\\N\{|\[\^?\]")


def test_every_pattern_is_one_of_javascript_and_matches_its_example_whole(document: dict[str, Any]) -> None:
    patterns = {where: found for where, found in within(document) if isinstance(found.get("pattern"), str)}

    assert len(patterns) >= 8
    for where, found in patterns.items():
        assert not PYTHONS_OWN.search(found["pattern"]), (where, found)
        # jsonschema-rs reads patterns as ECMA 262 says, and refuses what is none.
        said = jsonschema_rs.Draft202012Validator({"pattern": found["pattern"]})
        assert said.is_valid(found["example"]), (where, found)
        for spoilt in (f"{found['example']}\n", f"\n{found['example']}", f"{found['example']} "):
            assert not said.is_valid(spoilt), (where, found, spoilt)


@pytest.mark.parametrize("pattern", [r"[A-Z]{2}\Z", r"\A[A-Z]{2}$", r"^(?P<country>[A-Z]{2})$", r"^(?i:us)$"])
def test_control_a_pattern_of_python_is_noticed(pattern: str) -> None:
    assert PYTHONS_OWN.search(pattern)


@pytest.mark.parametrize("spoilt", ["US\n", "\nUS", "usa", "US "])
def test_the_service_matches_a_pattern_no_looser_than_the_document(quiet: Api, spoilt: str) -> None:
    assert quiet.admin("GET", "/bookings", query={"country": "US"}).status == 200
    assert quiet.admin("GET", "/bookings", query={"country": spoilt}).status == 400


@dataclass
class Held:
    """Sends requests, and holds each answer against what the document says of it; `seen` is what came."""

    transport: Transport
    document: dict[str, Any]
    seen: set[tuple[str, str, int, str]] = field(default_factory=set)

    def __call__(self, method: str, path: str, **options: Any) -> Answer:
        answer = self.transport(method, path, **options)
        template, responses = next(
            (template, operation["responses"])
            for verb, template, operation in operations(self.document)
            if verb == method.lower() and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
        )
        self.check(answer, responses)
        self.seen.add((method, template, answer.status, answer.json.get("code", "") if answer.status >= 400 else ""))
        return answer

    def check(self, answer: Answer, responses: dict[str, Any]) -> None:
        """Fail unless the document has this status, with this media type, and with this content."""
        media = responses[str(answer.status)]["content"][answer.headers["Content-Type"].partition(";")[0]]
        # Its references begin at the document's root.
        schema = {**media["schema"], "components": self.document["components"]}
        jsonschema_rs.Draft202012Validator(schema).validate(answer.json)


def journey(api: Api, services: wiring.Services) -> tuple[Answer, Answer, Answer]:
    """Do what guests and the back office do; return who was sold out, who could not move, who is forgotten."""
    full, free = api.slots()[:2]
    made = [api.book(full).json["booking"] for _ in range(full["capacity"])]
    guest = contact()
    other = api.book(free, **guest, key="a-key").json["booking"]
    sold_out = api.book(full)
    not_moved = api.held("POST", other, "/reschedule", json={"slotId": full["_id"]})
    api.book(free, **guest)
    api.book(free, key="a-key")
    api.book(free, email="nobody")
    entry = api.wait_for(full, **guest).json["entry"]
    api.wait_for(full, **guest)
    api.wait_for(free)
    api.held("GET", entry)
    api.held("DELETE", made[0])
    api.held("POST", made[0], "/reschedule", json={"slotId": free["_id"]})
    api.held("GET", other, "/data")
    api.admin("PATCH", f"/slots/{full['_id']}", json={"capacity": 1})
    api.admin("POST", f"/bookings/{other['id']}/resend")
    api.admin("POST", f"/letters/{api.admin('GET', '/letters').json['items'][0]['_id']}/retry")
    services.booking.erase_person.execute(guest["email"])
    forgotten = api.admin("POST", f"/bookings/{other['id']}/resend")
    for listing in ("/bookings", "/slots", "/stats", "/letters", "/audit", "/validate"):
        api.admin("GET", listing)
    api.admin("GET", "/bookings", key="wrong")
    return sold_out, not_moved, forgotten


def test_real_answers_and_refusals_are_what_the_document_says(
    app: Flask, services: wiring.Services, document: dict[str, Any]
) -> None:
    held = Held(over_app(app), document)

    sold_out, not_moved, forgotten = journey(Api(held), services)

    assert len(sold_out.json["alternatives"]) == len(not_moved.json["alternatives"]) == 3
    assert forgotten.code == "booking_forgotten"
    assert {(template, code) for _, template, status, code in held.seen if status == 409} == {
        ("/api/bookings", "slot_full"),
        ("/api/bookings", "duplicate_booking"),
        ("/api/bookings/{booking_id}/reschedule", "slot_full"),
        ("/api/bookings/{booking_id}/reschedule", "booking_cancelled"),
        ("/api/slots/{slot_id}/waitlist", "already_waiting"),
        ("/api/slots/{slot_id}/waitlist", "slot_has_places"),
        ("/api/admin/slots/{slot_id}", "capacity_below_booked"),
        ("/api/admin/letters/{letter_id}/retry", "letter_not_failed"),
        ("/api/admin/bookings/{booking_id}/resend", "booking_forgotten"),
    }
    assert {status for _, _, status, _ in held.seen} >= {200, 201, 202, 400, 401, 409, 422}


def test_control_an_answer_with_more_than_the_document_says_is_noticed(api: Api, document: dict[str, Any]) -> None:
    slot = api.slots()[0]
    answers = [api.book(slot) for _ in range(slot["capacity"] + 1)]
    media = document["paths"]["/api/slots/{slot_id}/waitlist"]["post"]["responses"]

    with pytest.raises(jsonschema_rs.ValidationError, match="alternatives"):
        Held(api.send, document).check(answers[-1], media)


CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
BOUNDED = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def statuses_of(operation: Any, mode: schemathesis.GenerationMode, token: str, examples: int) -> list[int]:
    """Call `operation` with what the document allows, or with what it does not; return the statuses it answered."""
    statuses: list[int] = []
    headers = {"X-Admin-Key": ADMIN_KEY, "Authorization": f"Bearer {token}"}

    def call(case: Any) -> None:
        response = case.call(headers=headers)
        statuses.append(response.status_code)
        case.validate_response(response, checks=CHECKS)

    # Where a view takes nothing at all, there is nothing to get wrong.
    with suppress(Unsatisfiable):
        settings(BOUNDED, max_examples=examples)(given(case=operation.as_strategy(generation_mode=mode))(call))()
    return statuses


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_every_answer_is_one_the_document_names_and_none_is_a_bug(
    app: Flask, api: Api, mode: schemathesis.GenerationMode, pytestconfig: pytest.Config
) -> None:
    person = {"name": "Ada Lovelace", "email": "ada@example.org", "password": "correct horse 7"}
    token = api.send("POST", "/api/auth/register", json=person).json["accessToken"]
    examples = pytestconfig.getoption("--api-examples")
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)

    called = {}
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        called[operation.label] = statuses_of(operation, mode, token, examples)

    assert len(called) >= 14
    assert sum(len(statuses) for statuses in called.values()) > 100
    if mode == schemathesis.GenerationMode.POSITIVE:
        assert all(called.values())
        assert 200 in called["GET /api/dates"]
        assert 200 in called["GET /api/admin/bookings"]
