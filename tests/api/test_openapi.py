"""The served document describes every route, and every route does what the document says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

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

from tests.api_client import Api
from tests.factories import ADMIN_KEY

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
        for answer in refusals.values():
            if "content" in answer:
                assert "application/problem+json" in answer["content"], (method, path)


def test_the_back_office_is_documented_with_its_key(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["adminKey"] == {
        "type": "apiKey",
        "in": "header",
        "name": "X-Admin-Key",
    }
    for _, path, operation in operations(document):
        guarded = operation.get("security") == [{"adminKey": []}]
        assert guarded == path.startswith("/api/admin/"), path
        assert ("401" in operation["responses"]) == guarded, path


CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
BOUNDED = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def statuses_of(operation: Any, mode: schemathesis.GenerationMode) -> list[int]:
    """Call `operation` with what the document allows, or with what it does not; return the statuses it answered."""
    statuses: list[int] = []

    def call(case: Any) -> None:
        response = case.call(headers={"X-Admin-Key": ADMIN_KEY})
        statuses.append(response.status_code)
        case.validate_response(response, checks=CHECKS)

    # Where a view takes nothing at all, there is nothing to get wrong.
    with suppress(Unsatisfiable):
        BOUNDED(given(case=operation.as_strategy(generation_mode=mode))(call))()
    return statuses


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_every_answer_is_one_the_document_names_and_none_is_a_bug(
    app: Flask, mode: schemathesis.GenerationMode
) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)

    called = {}
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        called[operation.label] = statuses_of(operation, mode)

    assert len(called) >= 14
    assert sum(len(statuses) for statuses in called.values()) > 100
    if mode == schemathesis.GenerationMode.POSITIVE:
        assert all(called.values())
        assert 200 in called["GET /api/dates"]
        assert 200 in called["GET /api/admin/bookings"]
