"""Scenarios of events: reservations spread and hot, with cancellations, reads, and a sale to a crowd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench import load_generators
from bench.checks import verify_problem
from bench.event_fixtures import PEOPLE, ReservationCounts, access_tokens, count_reservations, store_events
from bench.load_generators import LoadResult
from bench.results import (
    EVENT_DETAIL,
    EVENTS_LIST,
    ON_SALE_EVENT,
    RESERVE_CANCEL,
    RESERVE_HOT,
    RESERVE_SPREAD,
    RoundResult,
)
from bench.scenarios import ScenarioRunner, next_run, round_result, status_problem, wait_for_cache_expiry
from bench.system_specs import EVENT_UNLIMITED, planned_slots
from bench.systems import System

SPREAD_EVENTS = 200
SPREAD_CAPACITY = 1_000_000
# More than a round of the fastest system uses.
SPREAD_REQUESTS = 40_000
HOT_TICKETS = 10_000
LISTED_EVENTS = 500
SALE_TICKETS = 544
SALE_PEOPLE = 2000
FIRST_PAGE = "/api/events?page=1&limit=10&sortBy=date"


@dataclass(frozen=True)
class Offer:
    """So many events with so many tickets each, and the number of requests for them."""

    events: int
    tickets: int
    requests: int


def reserve_spread(runner: ScenarioRunner, system: System) -> RoundResult:
    """Reserve in 200 events."""
    return _reserve(runner, system, RESERVE_SPREAD, Offer(SPREAD_EVENTS, SPREAD_CAPACITY, SPREAD_REQUESTS))


def reserve_hot(runner: ScenarioRunner, system: System) -> RoundResult:
    """Reserve in one event of 10,000 tickets."""
    return _reserve(runner, system, RESERVE_HOT, Offer(1, HOT_TICKETS, HOT_TICKETS))


def reserve_cancel(runner: ScenarioRunner, system: System) -> RoundResult:
    """Reserve and cancel in 200 events, half of each."""
    return _reserve(runner, system, RESERVE_CANCEL, Offer(SPREAD_EVENTS, SPREAD_CAPACITY, SPREAD_REQUESTS))


def events_list(runner: ScenarioRunner, system: System) -> RoundResult:
    """List the first ten of 500 events by date."""
    _reset(system, LISTED_EVENTS, SPREAD_CAPACITY)
    return _read(runner, system, EVENTS_LIST, [FIRST_PAGE])


def event_detail(runner: ScenarioRunner, system: System) -> RoundResult:
    """Show 500 events in turn."""
    ids = _reset(system, LISTED_EVENTS, SPREAD_CAPACITY)
    return _read(runner, system, EVENT_DETAIL, [f"/api/events/{event_id}" for event_id in ids])


def on_sale_event(runner: ScenarioRunner, system: System) -> RoundResult:
    """Let 2,000 people request the 544 tickets of an event at once; the value is the seconds to the last response."""
    links = _links(runner, system, Offer(1, SALE_TICKETS, SALE_PEOPLE))
    measured = runner.measure(system, lambda: load_generators.burst_reservations(system.url, links))
    loaded = measured.loaded
    problem = reservations_problem(count_reservations(system), loaded) or verify_problem(system)
    expected = {201: SALE_TICKETS, 409: SALE_PEOPLE - SALE_TICKETS}
    if not problem and dict(loaded.statuses) != expected:
        problem = f"expected {expected}, got {dict(loaded.statuses)} and {loaded.unanswered} unanswered"
    return replace(round_result(ON_SALE_EVENT, system, measured, problem), value=loaded.seconds)


def reservations_problem(stored: ReservationCounts, loaded: LoadResult) -> str:
    """Return how the stored reservations contradict the responses, or an empty string.

    An unanswered request may or may not have made its change.
    """
    errors = {status: count for status, count in loaded.statuses.items() if status >= 500}
    made = stored.confirmed + stored.cancelled
    cancelled = loaded.statuses.get(200, 0)
    checks = (
        (not errors, f"responses with {errors}"),
        (loaded.created <= made <= loaded.created + loaded.unanswered, f"{made} reservations stored"),
        (cancelled <= stored.cancelled <= cancelled + loaded.unanswered, f"{stored.cancelled} cancelled"),
        (stored.taken == stored.confirmed, f"{stored.confirmed} confirmed, but {stored.taken} tickets taken"),
        (stored.oversold <= 0, f"an event is oversold by {stored.oversold}"),
    )
    problems = [problem for passed, problem in checks if not passed]
    return f"{problems[0]}; {dict(loaded.statuses)}, {loaded.unanswered} unanswered" if problems else ""


def link_lines(run: str, tokens: Sequence[str], event_ids: Sequence[str], count: int) -> str:
    """Return lines `<request id> <access token> <event id>`, each of another person and event."""
    lines = []
    for number in range(count):
        person = number % len(tokens)
        event = (person + number // len(tokens)) % len(event_ids)
        lines.append(f"{run}-{number} {tokens[person]} {event_ids[event]}\n")
    return "".join(lines)


def _reserve(runner: ScenarioRunner, system: System, scenario: str, offer: Offer) -> RoundResult:
    links = _links(runner, system, offer)
    kind = RESERVE_CANCEL if scenario == RESERVE_CANCEL else "reserve"
    measured = runner.measure(system, lambda: load_generators.reserve(system.url, kind, links, runner.seconds))
    problem = reservations_problem(count_reservations(system), measured.loaded) or verify_problem(system)
    return round_result(scenario, system, measured, problem)


def _read(runner: ScenarioRunner, system: System, scenario: str, paths: Sequence[str]) -> RoundResult:
    file = runner.workspace.folder / f"{next_run()}.paths"
    file.write_text("\n".join(paths) + "\n")
    measured = runner.measure(system, lambda: load_generators.read_paths(system.url, file, runner.seconds))
    return round_result(scenario, system, measured, status_problem(measured.loaded, 200))


def _links(runner: ScenarioRunner, system: System, offer: Offer) -> Path:
    """Store the offer's events, and return a file of the links of its requests."""
    event_ids = _reset(system, offer.events, offer.tickets)
    tokens = access_tokens(system, min(PEOPLE, offer.requests))
    run = next_run()
    file = runner.workspace.folder / f"{run}.links"
    file.write_text(link_lines(run, tokens, event_ids, offer.requests))
    return file


def _reset(system: System, events: int, tickets: int) -> list[str]:
    system.reset(planned_slots(EVENT_UNLIMITED)[:1])
    ids = store_events(system, events, tickets)
    wait_for_cache_expiry()
    return ids
