"""Start-up: the seconds until a service over many stored bookings is ready, and the memory of its workers."""

from __future__ import annotations

from collections.abc import Iterator

from bench.processes import proportional_mib, resident_mib, worker_processes
from bench.results import START, WORKER_PSS, WORKER_RSS, RoundResult
from bench.sample_bookings import SampleBookings
from bench.scenarios import ScenarioRunner
from bench.stored_bookings import insert_bookings
from bench.system_specs import EVENT_UNLIMITED, planned_slots
from bench.systems import SystemSpec, start_system


def startup_results(runner: ScenarioRunner, spec: SystemSpec) -> Iterator[RoundResult]:
    """Fill the service's database, start the service again, load it, and yield its time and memory."""
    slots = planned_slots(EVENT_UNLIMITED)
    system = start_system(runner.workspace, spec)
    try:
        system.reset(slots)
        insert_bookings(runner.workspace, system, SampleBookings(runner.sizes.stored, slots))
    finally:
        system.stop()
    system = start_system(runner.workspace, spec)
    try:
        yield RoundResult(START, spec.name, system.ready_seconds)
        runner.measure_bookings(system, slots)
        workers = worker_processes(system.port)
        yield RoundResult(WORKER_PSS, spec.name, max(map(proportional_mib, workers)))
        yield RoundResult(WORKER_RSS, spec.name, max(map(resident_mib, workers)))
    finally:
        system.stop()
