"""The scenario over a filled database: bookings beside many that are stored already."""

from __future__ import annotations

from dataclasses import replace

from bench.checks import counts_problem, verify_problem
from bench.fixtures import StoredCounts
from bench.results import EVENT_SLOTS_STORED, RoundResult
from bench.sample_bookings import SampleBookings
from bench.scenarios import ScenarioRunner, round_result, wait_for_cache_expiry
from bench.stored_bookings import insert_bookings
from bench.system_specs import EVENT_UNLIMITED, planned_slots
from bench.systems import System


def event_slots_stored(runner: ScenarioRunner, system: System) -> RoundResult:
    """Book in the event's 136 slots, beside stored bookings; those of earlier rounds stay."""
    slots = planned_slots(EVENT_UNLIMITED)
    if system.database.count().bookings < runner.sizes.stored:
        system.reset(slots)
        insert_bookings(runner.workspace, system, SampleBookings(runner.sizes.stored, slots))
    before = system.database.count()
    system.database.flush()
    wait_for_cache_expiry()
    measured = runner.measure_bookings(system, slots)
    added = added_counts(before, system.database.count())
    problem = counts_problem(added, measured.loaded.created, measured.loaded.unanswered) or verify_problem(system)
    return round_result(EVENT_SLOTS_STORED, system, measured, problem)


def added_counts(before: StoredCounts, after: StoredCounts) -> StoredCounts:
    """Return what a round added."""
    return replace(
        after,
        bookings=after.bookings - before.bookings,
        emails=after.emails - before.emails,
        booked=after.booked - before.booked,
    )
