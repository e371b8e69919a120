"""Every refusal has the one payload, whatever its status."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

import inventory.group_commit
from booking.create import CreateBooking
from core.errors import OutcomeUnknown
from core.web.context import runtime_of
from inventory.group_commit import Limits
from tests.api_client import Answer, Api, over_app

MEMBERS = {"type", "title", "status", "code", "detail", "message", "requestId"}
Case = Callable[[Api], Answer]


def require_problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """Fail unless `answer` is the one payload with `status` and `code`; return it."""
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"/problems/{code.replace('_', '-')}"
    assert problem["message"].endswith(".")
    assert problem["title"] == problem["message"].rstrip(".")
    assert problem["detail"]
    assert problem["requestId"] == answer.headers["X-Request-ID"] != ""
    return problem


def full_slot(api: Api) -> Answer:
    slot = api.slots()[0]
    api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": 0})
    return api.book(slot)


def reused_key(api: Api) -> Answer:
    slot = api.slots()[0]
    assert api.book(slot, key="one-key").status == 201
    return api.book(slot, key="one-key")


def eleventh_wrong_key(api: Api) -> Answer:
    for _ in range(10):
        api.admin("GET", "/validate", key="wrong")
    return api.admin("GET", "/validate", key="wrong")


REFUSALS: list[tuple[int, str, Case]] = [
    (400, "date_not_bookable", lambda api: api.get("/api/slots", query={"date": "2026-03-02"})),
    (400, "validation_failed", lambda api: api.send("POST", "/api/bookings", json={})),
    (
        400,
        "validation_failed",
        lambda api: api.send("POST", "/api/bookings", data="{", content_type="application/json"),
    ),
    (400, "validation_failed", lambda api: api.get("/api/dates", query={"surprise": "1"})),
    (400, "validation_failed", lambda api: api.admin("GET", "/bookings", query={"limit": "x"})),
    (401, "unauthorized", lambda api: api.get("/api/admin/validate")),
    (404, "not_found", lambda api: api.get("/api/nothing/here")),
    (404, "not_found", lambda api: api.get("/nothing/here")),
    (404, "slot_not_found", lambda api: api.book({"date": "2026-03-05", "_id": "no-such-slot"})),
    (404, "booking_not_found", lambda api: api.get("/api/bookings/nobody")),
    (405, "method_not_allowed", lambda api: api.send("DELETE", "/api/dates")),
    (409, "slot_full", full_slot),
    (413, "body_too_large", lambda api: api.book(api.slots()[0], message="x" * 40_000)),
    (415, "unsupported_media_type", lambda api: api.send("POST", "/api/bookings", data={"fullName": "Ada"})),
    (422, "idempotency_key_reused", reused_key),
    (429, "too_many_requests", eleventh_wrong_key),
]


@pytest.mark.parametrize(
    ("status", "code", "ask"), REFUSALS, ids=[f"{s}-{c}-{n}" for n, (s, c, _) in enumerate(REFUSALS)]
)
def test_every_refusal_has_the_one_payload(api: Api, status: int, code: str, ask: Case) -> None:
    problem = require_problem(ask(api), status, code)

    known = MEMBERS | ({"errors"} if status == 400 else set()) | ({"alternatives"} if code == "slot_full" else set())
    assert MEMBERS <= set(problem) <= known


def test_a_refusal_says_what_the_contract_says(api: Api) -> None:
    answer = full_slot(api)

    problem = require_problem(answer, 409, "slot_full")
    assert problem["type"] == "/problems/slot-full"
    assert problem["title"] == "Slot is full"
    assert problem["message"] == "Slot is full."


def test_too_many_requests_have_the_one_payload(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="1 per hour")))
    assert api.get("/api/dates").status == 200

    require_problem(api.get("/api/dates"), 429, "too_many_requests")


def test_unavailable_database_is_503_as_a_problem_with_retry_after(databaseless: Flask) -> None:
    answer = Api(over_app(databaseless)).get("/api/dates")

    require_problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_booking_that_cannot_reach_the_database_is_503_and_never_500(databaseless: Flask, api: Api) -> None:
    slot = api.slots()[0]
    counter = runtime_of(databaseless).get(CreateBooking).group_commit
    counter.limits = Limits(transaction_timeout=0.3)

    answer = Api(over_app(databaseless)).book(slot)

    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 1


def broken() -> str:
    raise RuntimeError("mongodb://somebody:a-password@db.internal")


def test_a_bug_is_500_and_carries_nothing_but_code_and_request_id(app: Flask) -> None:
    app.add_url_rule("/api/broken", view_func=broken)

    answer = Api(over_app(app)).get("/api/broken")

    problem = require_problem(answer, 500, "internal_error")
    assert set(problem) == MEMBERS
    assert problem["detail"] == problem["message"] == "Something went wrong on our side."
    assert b"password" not in answer.body
    assert b"RuntimeError" not in answer.body


def test_errors_are_listed_by_field_and_only_on_validation(api: Api) -> None:
    invalid = api.send("POST", "/api/bookings", json={"fullName": "A", "phone": 5})
    conflict = full_slot(api)

    errors = invalid.json["errors"]
    assert set(errors) == {"fullName", "phone", "email", "country", "date", "slotId"}
    assert all(isinstance(sentence, str) for sentences in errors.values() for sentence in sentences)
    assert "errors" not in conflict.json


def test_405_names_the_methods_that_are_allowed(quiet: Api) -> None:
    answer = quiet.send("DELETE", "/api/dates")

    assert answer.status == 405
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"null", "application/json"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b"1", "application/json"),
        (b'{"fullName": NaN}', "application/json"),
        (b'{"fullName": Infinity}', "application/json"),
        (b'{"fullName": "\xff\xfe"}', "application/json"),
        (b'{"a":' * 2000, "application/json"),
        (b"[" * 5000, "application/json"),
        (b'{"fullName": ' + b"9" * 5000 + b"}", "application/json"),
        (json.dumps({"fullName": 10**30}).encode(), "application/json; charset=utf-8"),
    ],
)
def test_a_body_that_is_no_json_object_is_400(quiet: Api, body: bytes, content_type: str) -> None:
    answer = quiet.send("POST", "/api/bookings", data=body, content_type=content_type)

    problem = require_problem(answer, 400, "validation_failed")
    assert problem["errors"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_of_another_media_type_is_415(quiet: Api, content_type: str) -> None:
    answer = quiet.send("POST", "/api/bookings", data=b'{"fullName": "Ada"}', content_type=content_type)

    require_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("path", ["/api/dates", "/api/slots?date=2026-03-05", "/api/bookings/x", "/api/admin/stats"])
def test_unknown_query_parameters_are_refused_everywhere(quiet: Api, path: str) -> None:
    answer = quiet.send(
        "GET", f"{path}{'&' if '?' in path else '?'}surprise=1", headers={"X-Admin-Key": "test-admin-key-0001"}
    )

    problem = require_problem(answer, 400, "validation_failed")
    assert set(problem["errors"]) == {"surprise"}


@pytest.mark.parametrize("query", ["page=1&page=2", "limit=1&limit=1", "name=a&name=b", "status=&status="])
def test_repeated_query_parameters_are_refused(quiet: Api, query: str) -> None:
    answer = quiet.admin("GET", f"/bookings?{query}")

    problem = require_problem(answer, 400, "validation_failed")
    assert set(problem["errors"]) == {query.partition("=")[0]}


@pytest.mark.parametrize("given", ["abc", "7f3c9a10-55aa-4d2e-9a51-000000000001", "A.b_c:d-1", "x" * 128])
def test_the_request_id_of_the_client_is_echoed(quiet: Api, given: str) -> None:
    good = quiet.get("/api/dates", headers={"X-Request-ID": given})
    refused = quiet.get("/api/nothing", headers={"X-Request-ID": given})

    assert good.headers["X-Request-ID"] == given
    assert refused.json["requestId"] == refused.headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "with blank", "x" * 129, "a\tb", '{"$gt": ""}', "<script>", "caf\u00e9"])
def test_a_request_id_that_is_not_usable_is_replaced_by_a_new_one(quiet: Api, given: str) -> None:
    first = quiet.get("/api/dates", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    second = quiet.get("/api/dates", headers={"X-Request-ID": given}).headers["X-Request-ID"]

    assert given not in (first, second)
    assert first
    assert first != second


def test_requests_without_an_id_get_different_ones(quiet: Api) -> None:
    made = {quiet.get("/api/health").headers["X-Request-ID"] for _ in range(20)}

    assert len(made) == 20


def test_outcome_unknown_is_503_and_asks_to_repeat_with_the_same_key(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api(over_app(app))
    slot = api.slots()[0]

    def no_answer(*_: object) -> None:
        raise OutcomeUnknown(retry_after=2)

    monkeypatch.setattr(inventory.group_commit, "transaction", no_answer)
    answer = api.book(slot, key="again")

    problem = require_problem(answer, 503, "outcome_unknown")
    assert answer.headers["Retry-After"] == "2"
    assert "Idempotency-Key" in problem["message"]
