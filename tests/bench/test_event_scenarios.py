"""Scenarios of events: links, checks of a round, and the same events and tokens in every system."""

from __future__ import annotations

import dataclasses

import jwt
import pytest
from flask import Flask

from accounts.access_tokens import AccessTokens
from bench.event_fixtures import ReservationCounts, access_tokens, count_reservations, store_events
from bench.event_scenarios import FIRST_PAGE, link_lines, reservations_problem
from bench.load_generators import LoadResult
from bench.peers.flask_peer.accounts import SECRET
from bench.reservation_burst import reservation_requests
from bench.systems import System
from core.web.context import runtime_of
from tests.api_client import Answer, Transport

VALID = ReservationCounts(confirmed=7, cancelled=3, taken=7, oversold=0)


def loaded(statuses: dict[int, int], unanswered: int = 0) -> LoadResult:
    return LoadResult(10.0, 1.0, 1.0, 2.0, statuses, unanswered, 0)


def test_link_lines_name_each_person_and_event_once() -> None:
    lines = [line.split() for line in link_lines("run1", ["t1", "t2", "t3"], ["a", "b"], 6).splitlines()]

    assert len({request_id for request_id, _, _ in lines}) == 6
    assert sorted((token, event) for _, token, event in lines) == [
        (token, event) for token in ("t1", "t2", "t3") for event in ("a", "b")
    ]


@pytest.mark.parametrize(
    ("statuses", "unanswered"), [({201: 10, 200: 3}, 0), ({201: 9, 200: 2, 409: 4}, 1), ({201: 8, 200: 1}, 2)]
)
def test_reservations_that_agree_with_the_responses_pass(statuses: dict[int, int], unanswered: int) -> None:
    assert reservations_problem(VALID, loaded(statuses, unanswered)) == ""


@pytest.mark.parametrize(
    ("stored", "statuses", "problem"),
    [
        (VALID, {201: 10, 200: 3, 503: 1}, "responses with {503: 1}"),
        (VALID, {201: 11, 200: 3}, "10 reservations stored"),
        (VALID, {201: 8, 200: 3}, "10 reservations stored"),
        (VALID, {201: 10, 200: 4}, "3 cancelled"),
        (VALID, {201: 10, 200: 1}, "3 cancelled"),
        (dataclasses.replace(VALID, taken=8), {201: 10, 200: 3}, "7 confirmed, but 8 tickets taken"),
        (dataclasses.replace(VALID, oversold=2), {201: 10, 200: 3}, "an event is oversold by 2"),
    ],
)
def test_reservations_that_contradict_the_responses_fail(
    stored: ReservationCounts, statuses: dict[int, int], problem: str
) -> None:
    assert reservations_problem(stored, loaded(statuses, 1)).startswith(f"{problem}; ")


def test_burst_requests_have_the_token_of_each_person() -> None:
    first, second = reservation_requests("host:1", ["r-0 t0 e", "r-1 t1 e"])

    assert first.startswith(b"POST /api/events/e/reserve HTTP/1.1\r\nHost: host:1\r\nAuthorization: Bearer t0\r\n")
    assert b"\r\nX-Request-ID: r-1\r\nContent-Length: 0\r\n\r\n" in second


def reserve(send: Transport, method: str, event_id: str, token: str) -> Answer:
    return send(method, f"/api/events/{event_id}/reserve", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("name", ["service", "peer"])
def test_systems_reserve_cancel_and_show_the_stored_events(name: str, request: pytest.FixtureRequest) -> None:
    system, send = request.getfixturevalue(name)
    first, second = store_events(system, 2, capacity=2)
    tokens = access_tokens(system, 4)

    statuses = [reserve(send, "POST", first, token).status for token in tokens]
    again = reserve(send, "POST", second, tokens[0]).status, reserve(send, "POST", second, tokens[0]).status
    cancelled = reserve(send, "DELETE", first, tokens[0]).status

    assert (statuses, again, cancelled) == ([201, 201, 409, 409], (201, 409), 200)
    assert count_reservations(system) == ReservationCounts(confirmed=2, cancelled=1, taken=2, oversold=-1)
    page = send("GET", FIRST_PAGE).json
    assert [event["id"] for event in page["data"]] == [first, second]
    assert page["meta"] == {"total": 2, "page": 1, "limit": 10, "totalPages": 1}
    detail = send("GET", f"/api/events/{first}").json
    assert (detail["remainingTickets"], detail["totalTickets"], detail["price"]) == (1, 2, "25.00")


def test_tokens_of_a_peer_name_the_same_accounts(peer: tuple[System, Transport]) -> None:
    subjects = [jwt.decode(token, SECRET, algorithms=["HS256"])["sub"] for token in access_tokens(peer[0], 2)]

    assert subjects == [f"{number:032x}" for number in range(2)]


def test_tokens_of_the_service_are_accepted_by_it(service: tuple[System, Transport], app: Flask) -> None:
    tokens = access_tokens(service[0], 1)

    assert runtime_of(app).get(AccessTokens).verify(tokens[0]).account_id == "0" * 32
