"""Scenarios of changes: cancellations alone, and a storm of bookings, cancellations, moves and waiting guests."""

from __future__ import annotations

from bench import load_generators
from bench.checks import Responses, changes_problem, verify_problem
from bench.results import CANCEL, STORM, RoundResult
from bench.scenarios import ScenarioRunner, round_result, status_problem, wait_for_cache_expiry
from bench.stored_bookings import insert_bookings, recent_bookings
from bench.system_specs import EVENT_UNLIMITED, planned_slots
from bench.systems import System

STORM_SLOTS = 16
STORM_FULL_SLOTS = 8
STORM_BOOKINGS_PER_SLOT = 250
SECONDS_PER_STEADY_SECOND = 15


def cancel(runner: ScenarioRunner, system: System) -> RoundResult:
    """Cancel many bookings of the event's 136 slots, each by its link."""
    slots = planned_slots(EVENT_UNLIMITED)
    system.reset(slots)
    stored = insert_bookings(runner.workspace, system, recent_bookings(runner.sizes.cancellations, slots))
    wait_for_cache_expiry()
    measured = runner.measure(
        system,
        lambda: load_generators.cancel_bookings(system.url, stored.links, _limit_seconds(runner)),
    )
    responses = Responses(stored.size, measured.loaded)
    problem = changes_problem(system.database.count_changes(), responses)
    problem = problem or verify_problem(system) or status_problem(measured.loaded, 200)
    return round_result(CANCEL, system, measured, problem)


def storm(runner: ScenarioRunner, system: System) -> RoundResult:
    """Book, cancel, move and wait in sixteen slots, half of which are full."""
    slots = planned_slots(EVENT_UNLIMITED)[:STORM_SLOTS]
    system.reset(slots)
    full = [slot.id for slot in slots[:STORM_FULL_SLOTS]]
    capacity = {"$set": {"capacity": STORM_BOOKINGS_PER_SLOT}}
    system.database.db.slots.update_many({"_id": {"$in": full}}, capacity)
    bookings = recent_bookings(STORM_SLOTS * STORM_BOOKINGS_PER_SLOT, slots)
    stored = insert_bookings(runner.workspace, system, bookings)
    wait_for_cache_expiry()
    requests = runner.booking_requests(slots)
    measured = runner.measure(
        system,
        lambda: load_generators.change_bookings(system.url, requests, stored.links, runner.seconds),
    )
    responses = Responses(stored.size, measured.loaded)
    problem = changes_problem(system.database.count_changes(), responses) or verify_problem(system)
    return round_result(STORM, system, measured, problem)


def _limit_seconds(runner: ScenarioRunner) -> float:
    """Return the limit of a round that ends by itself."""
    return runner.seconds * SECONDS_PER_STEADY_SECOND
