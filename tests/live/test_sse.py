"""Endpoint of the event stream: query, headers and rate limit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.api_client import Api, over_app
from tests.live.sse_client import DATE, parsed


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "date_not_bookable"),
        ("date=", "date_not_bookable"),
        ("date=2026-03-04", "date_not_bookable"),
        ("date=2026-3-5", "date_not_bookable"),
        ("date=2026-03-05&date=2026-03-05", "date_not_bookable"),
        ("date=2026-03-05&colour=red", "validation_failed"),
        ("date=2026-03-05&events=1", "validation_failed"),
        ("date=&events=1", "validation_failed"),
        ("date=2026-03-05&date=2026-03-05&events=1", "validation_failed"),
        ("events=1&events=1", "validation_failed"),
        ("events=", "validation_failed"),
        ("events=0", "validation_failed"),
        ("events=true", "validation_failed"),
        ("events=1&tierId=1", "validation_failed"),
        ("date=events", "date_not_bookable"),
    ],
)
def test_stream_with_invalid_query_is_refused(query: str, code: str, shared_api: Api) -> None:
    answer = shared_api.get("/api/live?" + query)

    assert (answer.status, answer.code) == (400, code)


def test_stream_without_change_stream_ends_after_the_snapshot(shared_api: Api) -> None:
    answer = shared_api.get(f"/api/live?date={DATE}")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert [event.name for event in parsed(answer.body.decode())] == ["snapshot"]
    retry = int(answer.body.partition(b"\n")[0].removeprefix(b"retry: "))
    assert 1000 <= retry <= 3000


def test_stream_counts_once_against_the_rate_limit(make_app: Callable[..., Flask]) -> None:
    api = Api(over_app(make_app(RATE_LIMIT_DEFAULT="2 per hour")))

    statuses = [api.get(f"/api/live?date={DATE}").status for _ in range(3)]

    assert statuses == [200, 200, 429]
