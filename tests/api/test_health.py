"""Liveness, readiness and metrics."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import pytest
from flask import Flask

from core.mongo.client import connect
from core.web import health
from tests.api.conftest import Recorded
from tests.api_client import Api, over_app


def test_health_is_ok_without_a_database(databaseless: Flask) -> None:
    answer = Api(over_app(databaseless)).get("/api/health")

    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_ready_names_each_dependency(quiet: Api) -> None:
    answer = quiet.get("/api/ready")

    assert answer.status == 200
    assert answer.json["dependencies"] == {"mongodb": "ok"}


def test_ready_without_database_is_503_and_names_it(databaseless: Flask) -> None:
    answer = Api(over_app(databaseless)).get("/api/ready")

    assert answer.status == 503
    assert answer.json["dependencies"]["mongodb"].startswith("unavailable")
    assert b"127.0.0.1" not in answer.body


def test_ready_without_a_server_answers_within_seconds(
    make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "pymongo.serverSelection")
    client = connect("mongodb://127.0.0.1:1/?replicaSet=rs0")
    api = Api(over_app(make_app(client=client)))
    caplog.clear()

    answer = api.get("/api/ready")
    client.close()

    assert (answer.status, answer.json["dependencies"]) == (
        503,
        {"mongodb": "unavailable (ServerSelectionTimeoutError)"},
    )
    waits = [json.loads(message) for message in caplog.messages if "Waiting for suitable server" in message]
    assert [wait["operation"] for wait in waits] == ["ping"]
    assert 0 < waits[0]["remainingTimeMS"] <= 1000


def test_ready_bounds_every_database_command(listened: Flask, recorded: Recorded) -> None:
    api = Api(over_app(listened))
    assert api.get("/api/ready").status == 200
    time.sleep(health.CACHE_SECONDS)
    recorded.names.clear()
    recorded.bounds.clear()

    assert api.get("/api/ready").status == 200

    assert len(recorded.names) >= 3, "the ping, and what it warns of"
    assert all(0 < bound <= 1000 for bound in recorded.bounds), list(zip(recorded.names, recorded.bounds, strict=True))


def test_metrics_are_prometheus_text(api: Api) -> None:
    slot = api.slots()[0]
    assert api.book(slot, email="ada@example.org").status == 201
    assert api.book(slot, email="ada@example.org").status == 409

    answer = api.get("/metrics")

    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    text = answer.body.decode()
    assert re.search(r'^http_requests_total\{method="POST",route="/api/bookings",status="201"\} [1-9]', text, re.M)
    assert re.search(r'^bookings_total\{outcome="booked"\} [1-9]', text, re.M)
    assert re.search(r'^bookings_total\{outcome="duplicate_booking"\} [1-9]', text, re.M)
    assert re.search(r'^letters\{state="queued"\} 2', text, re.M)
    assert "ada@example.org" not in text
    assert slot["_id"] not in text


def test_metrics_have_no_label_per_unknown_path(api: Api) -> None:
    for n in range(3):
        api.get(f"/nowhere/{n}")
        api.get(f"/api/bookings/guess-{n}")
        api.send(f"VERB{n}", "/api/dates")

    text = api.get("/metrics").body.decode()

    assert "guess-" not in text
    assert "/nowhere" not in text
    assert "VERB" not in text
