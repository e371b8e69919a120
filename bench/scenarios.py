"""Scenarios: the loads on one system, each with the checks of its responses."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

import requests

import wiring
from bench import load_generators
from bench.checks import counts_problem, round_problem
from bench.cpu_meter import CpuMeter, CpuPerRequest
from bench.deferred_emails import deferred_cpu
from bench.fixtures import SystemDatabase, slot_documents, slot_lines
from bench.guest_bodies import guest_body, guests_file
from bench.load_generators import BookingMode, BookingRequests, LoadFailed, LoadResult
from bench.options import Sizes
from bench.people import person
from bench.processes import service_processes
from bench.results import (
    DISTINCT_CLIENTS,
    EVENT_SLOTS,
    FLASH_SALE,
    HOT_SLOT,
    LIST_SLOTS,
    MANY_SLOTS,
    PYMONGO_INSERTS,
    SOLD_OUT,
    RoundResult,
)
from bench.system_specs import EVENT, EVENT_UNLIMITED, THOUSAND_SLOTS, planned_slots
from bench.systems import UNLIMITED_CAPACITY, System, Workspace
from schedules.model import PlannedSlot

DEFAULT_SIZES = Sizes(cancellations=2000, stored=100_000, sustained_seconds=6.0)
SALE_CLIENTS = 2000
SEATS_PER_SLOT = 4
FULL_SLOTS = 10
SLOTS_PER_DATE = 9
WARM_UP_SECONDS = 2.0
# A worker caches "sold out" for half a second; a round begins after that.
CACHE_EXPIRY_SECONDS = 0.6
_run_numbers = count(1)


@dataclass(frozen=True)
class BookingLoad:
    """Bookings in the `requested` slots, which are some of those `offered`."""

    scenario: str
    offered: Sequence[PlannedSlot]
    requested: Sequence[PlannedSlot]
    mode: BookingMode = BookingMode.ROUND_ROBIN


@dataclass(frozen=True)
class Measurement:
    """The responses to a load, and the CPU time per response."""

    loaded: LoadResult
    cpu: CpuPerRequest


@dataclass(frozen=True)
class ScenarioRunner:
    """Runs one round of a scenario with one system; `seconds` is the length of a steady load."""

    workspace: Workspace
    seconds: float
    sizes: Sizes = DEFAULT_SIZES

    def many_slots(self, system: System) -> RoundResult:
        """Book in 1,000 slots of unlimited capacity."""
        slots = planned_slots(THOUSAND_SLOTS)
        return self._book(system, BookingLoad(MANY_SLOTS, slots, slots))

    def event_slots(self, system: System) -> RoundResult:
        """Book in the event's 136 slots with unlimited capacity."""
        slots = planned_slots(EVENT_UNLIMITED)
        return self._book(system, BookingLoad(EVENT_SLOTS, slots, slots))

    def distinct_clients(self, system: System) -> RoundResult:
        """Book in the event's slots, each request from a new IP address."""
        slots = planned_slots(EVENT_UNLIMITED)
        return self._book(system, BookingLoad(DISTINCT_CLIENTS, slots, slots, BookingMode.DISTINCT_CLIENTS))

    def hot_slot(self, system: System) -> RoundResult:
        """Book in one slot of unlimited capacity."""
        slots = planned_slots(EVENT_UNLIMITED)
        return self._book(system, BookingLoad(HOT_SLOT, slots, slots[:1]))

    def sold_out(self, system: System) -> RoundResult:
        """Try to book in ten full slots, beside others that have seats."""
        slots = planned_slots(EVENT_UNLIMITED)
        full = slots[:FULL_SLOTS]
        system.reset(slots)
        ids = [slot.id for slot in full]
        system.database.db.slots.update_many({"_id": {"$in": ids}}, {"$set": {"capacity": SEATS_PER_SLOT}})
        filled = _fill(system, full)
        measured = self.measure_bookings(system, full)
        problem = round_problem(system, filled, 0) or status_problem(measured.loaded, 409)
        return round_result(SOLD_OUT, system, measured, problem)

    def list_slots(self, system: System) -> RoundResult:
        """List the nine slots of a date."""
        slots = planned_slots(EVENT_UNLIMITED)
        system.reset(slots)
        wait_for_cache_expiry()
        dates = _dates_with(slots, SLOTS_PER_DATE)
        measured = self.measure(system, lambda: load_generators.list_slots(system.url, dates, self.seconds))
        return round_result(LIST_SLOTS, system, measured, status_problem(measured.loaded, 200))

    def flash_sale(self, system: System) -> RoundResult:
        """Let 2,000 clients request the event's 544 seats at once; the value is the seconds to the last response."""
        slots = planned_slots(EVENT)
        seats = SEATS_PER_SLOT * len(slots)
        system.reset(slots, capacity=SEATS_PER_SLOT)
        wait_for_cache_expiry()
        sale = self.booking_requests(slots)
        measured = self.measure(system, lambda: load_generators.burst(system.url, sale, SALE_CLIENTS))
        loaded = measured.loaded
        expected = {201: seats, 409: SALE_CLIENTS - seats}
        problem = round_problem(system, loaded.created, loaded.unanswered)
        if not problem and dict(loaded.statuses) != expected:
            problem = f"expected {expected}, got {dict(loaded.statuses)} and {loaded.unanswered} unanswered"
        return replace(round_result(FLASH_SALE, system, measured, problem), value=loaded.seconds)

    def pymongo_inserts(self, scenario: str) -> RoundResult:
        """Write bookings with PyMongo alone, in one slot or in 1,000."""
        slots = planned_slots(THOUSAND_SLOTS)
        if scenario == HOT_SLOT:
            slots = slots[:1]
        database = SystemDatabase(self.workspace.client["bench_pymongo"])
        wiring.prepare_database(database.db)
        database.record_collections()
        database.reset(slot_documents(slots, UNLIMITED_CAPACITY, with_schedule=True))
        meter = CpuMeter.start((), [self.workspace.mongod_pid])
        ids = [slot.id for slot in slots]
        output = load_generators.pymongo_bookings(self.workspace.uri, database.db.name, ids, self.seconds)
        bookings = output["bookings"]
        cpu = meter.per_request(bookings)
        problem = counts_problem(database.count(), bookings, 0)
        return RoundResult(
            scenario=scenario,
            system=PYMONGO_INSERTS,
            value=output["perSecond"],
            service_cpu_ms=output["cpuMs"] / bookings,
            mongod_cpu_ms=cpu.mongod,
            problem=problem,
        )

    def warm_up(self, system: System, slots: Sequence[PlannedSlot]) -> None:
        """Load the system before its first round, so that its code is loaded and compiled."""
        system.reset(slots)
        load_generators.create_bookings(system.url, self.booking_requests(slots), WARM_UP_SECONDS)
        system.database.wait_until_settled()

    def _book(self, system: System, load: BookingLoad) -> RoundResult:
        system.reset(load.offered)
        wait_for_cache_expiry()
        measured = self.measure_bookings(system, load.requested, load.mode)
        problem = round_problem(system, measured.loaded.created, measured.loaded.unanswered)
        later = deferred_cpu(system, self.workspace.mongod_pid)
        result = round_result(load.scenario, system, measured, problem)
        return replace(result, later_cpu_ms=later.service, later_mongod_cpu_ms=later.mongod)

    def measure_bookings(
        self, system: System, slots: Sequence[PlannedSlot], mode: BookingMode = BookingMode.ROUND_ROBIN
    ) -> Measurement:
        """Book in the slots for the length of a steady load."""
        bookings = self.booking_requests(slots, mode)
        return self.measure(system, lambda: load_generators.create_bookings(system.url, bookings, self.seconds))

    def measure(self, system: System, load: Callable[[], LoadResult]) -> Measurement:
        """Run a load and measure the CPU time of system and mongod."""
        meter = CpuMeter.start(service_processes(system.port), [self.workspace.mongod_pid])
        loaded = load()
        return Measurement(loaded, meter.per_request(loaded.answered))

    def booking_requests(
        self, slots: Sequence[PlannedSlot], mode: BookingMode = BookingMode.ROUND_ROBIN
    ) -> BookingRequests:
        """Return the requests of a round with guests of its own."""
        run = next_run()
        file = self.workspace.folder / f"{run}.slots"
        file.write_text(slot_lines(slots))
        return BookingRequests(file, guests_file(self.workspace.folder), run, mode)


def next_run() -> str:
    """Return a name for a load that no other load on the same database has."""
    return f"run{next(_run_numbers)}"


def round_result(scenario: str, system: System, measured: Measurement, problem: str) -> RoundResult:
    """Return the result of a round; connection errors are a problem of it."""
    loaded = measured.loaded
    if not problem and loaded.connection_errors:
        problem = f"{loaded.connection_errors} connection errors"
    return RoundResult(
        scenario=scenario,
        system=system.name,
        value=loaded.per_second,
        p50=loaded.p50,
        p99=loaded.p99,
        service_cpu_ms=measured.cpu.service,
        mongod_cpu_ms=measured.cpu.mongod,
        statuses=loaded.statuses,
        unanswered=loaded.unanswered,
        problem=problem,
    )


def status_problem(loaded: LoadResult, status: int) -> str:
    """Return which other responses than those with `status` there were, or an empty string."""
    if loaded.all_have_status(status):
        return ""
    return f"expected only {status}, got {dict(loaded.statuses)} and {loaded.connection_errors} connection errors"


def _fill(system: System, slots: Sequence[PlannedSlot]) -> int:
    """Book every seat of the slots and return their number."""
    run = f"fill{next(_run_numbers)}"
    seats = [slot for slot in slots for _ in range(SEATS_PER_SLOT)]
    with requests.Session() as session:
        for guest, slot in enumerate(seats):
            body = guest_body(person(guest)).booking_json(f"{run}-{guest}", date=slot.date, slotId=slot.id)
            headers = {"Content-Type": "application/json"}
            response = session.post(f"{system.url}/api/bookings", body.encode(), headers=headers, timeout=30)
            if response.status_code != 201:
                raise LoadFailed(f"{system.name} refused a free seat: {response.text[:300]}")
    return len(seats)


def _dates_with(slots: Sequence[PlannedSlot], number: int) -> list[str]:
    """Return the dates that have this number of slots."""
    slots_per_date = Counter(slot.date for slot in slots)
    return [date for date, found in slots_per_date.items() if found == number]


def wait_for_cache_expiry() -> None:
    """Wait until the workers have no cached state of the round before."""
    time.sleep(CACHE_EXPIRY_SECONDS)
