"""Performance targets of the service, and whether a run reached them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from operator import attrgetter
from typing import Any

from bench.results import (
    ADMIN_LISTING,
    CANCEL,
    CHECK_IN,
    DISTINCT_CLIENTS,
    EMAILS,
    EVENT_DETAIL,
    EVENT_SLOTS,
    EVENT_SLOTS_STORED,
    EVENTS_LIST,
    EXPORT,
    EXPORT_MEMORY,
    EXPRESS,
    FLASH_SALE,
    FLASK,
    HOLDS_HOT,
    HOT_SLOT,
    LIST_SLOTS,
    MANY_SLOTS,
    ME,
    ON_SALE_EVENT,
    ORDERS,
    ORDERS_MIXED,
    PYMONGO_CURSOR,
    REFRESH,
    RESERVE_HOT,
    RESERVE_SPREAD,
    SERVICE,
    SOLD_OUT,
    START,
    STORM,
    SUSTAINED,
    WORKER_PSS,
    RoundResult,
)
from bench.summaries import Summary, compare, rounds_of, summarise_rounds

VALUE = "value"
P99 = "p99"
SERVICE_CPU = "CPU ms of the service"
MONGOD_CPU = "CPU ms of mongod"
TOTAL_CPU = "CPU ms of service and mongod"
OTHER_STATUSES = "responses other than 201"
STATUS_503 = "responses with 503"
FAILED_ROUNDS = "failed rounds"
# The service of the commit that a run compares with, whatever its id.
COMMIT = "commit"


def _total_cpu(summary: Summary) -> float | None:
    if summary.service_cpu_ms is None or summary.mongod_cpu_ms is None:
        return None
    return summary.service_cpu_ms + summary.mongod_cpu_ms


_MEASURES: Mapping[str, Callable[[Summary], float | None]] = {
    VALUE: attrgetter("value"),
    P99: attrgetter("p99"),
    SERVICE_CPU: attrgetter("service_cpu_ms"),
    MONGOD_CPU: attrgetter("mongod_cpu_ms"),
    TOTAL_CPU: _total_cpu,
}


@dataclass(frozen=True)
class Target:
    """The service's `measure` must be at least (or at most) `factor` times that of `against`, or `factor` itself.

    The other value is that of the same scenario, or of the service's own `base_scenario`.
    """

    scenario: str
    measure: str
    factor: float
    against: str = ""
    at_most: bool = False
    base_scenario: str = ""


@dataclass(frozen=True)
class TargetResult:
    """A target and its outcome.

    `ratio` is the service's measure divided by the other system's, or the measure itself. None: one has no value.
    """

    target: Target
    ratio: float | None
    reached: bool | None

    def to_json(self) -> dict[str, Any]:
        """Return the members for the results file."""
        return {**asdict(self.target), "ratio": self.ratio, "reached": self.reached}


TARGETS = (
    Target(MANY_SLOTS, VALUE, 1.5, EXPRESS),
    Target(MANY_SLOTS, VALUE, 2.0, FLASK),
    Target(EVENT_SLOTS, VALUE, 1.65, COMMIT),
    Target(EVENT_SLOTS, VALUE, 4.0, EXPRESS),
    Target(EVENT_SLOTS, VALUE, 3.3, FLASK),
    Target(EVENT_SLOTS, SERVICE_CPU, 0.60, at_most=True),
    Target(EVENT_SLOTS, MONGOD_CPU, 0.36, at_most=True),
    Target(EVENT_SLOTS, P99, 100.0, at_most=True),
    Target(EVENT_SLOTS, OTHER_STATUSES, 0, at_most=True),
    Target(DISTINCT_CLIENTS, VALUE, 1.5, COMMIT),
    Target(HOT_SLOT, VALUE, 1.8, COMMIT),
    Target(HOT_SLOT, VALUE, 5.0, EXPRESS),
    Target(HOT_SLOT, P99, 0.1, EXPRESS, at_most=True),
    Target(HOT_SLOT, OTHER_STATUSES, 0, at_most=True),
    Target(SOLD_OUT, VALUE, 2.0, COMMIT),
    Target(SOLD_OUT, VALUE, 1.2, EXPRESS),
    Target(LIST_SLOTS, VALUE, 1.3, COMMIT),
    Target(LIST_SLOTS, VALUE, 1.5, EXPRESS),
    Target(FLASH_SALE, VALUE, 0.5, EXPRESS, at_most=True),
    Target(FLASH_SALE, FAILED_ROUNDS, 0, at_most=True),
    Target(EVENT_SLOTS_STORED, VALUE, 0.85, SERVICE, base_scenario=EVENT_SLOTS),
    Target(EVENT_SLOTS_STORED, MONGOD_CPU, 0.45, at_most=True),
    Target(CANCEL, VALUE, 0.7, SERVICE, base_scenario=EVENT_SLOTS),
    Target(CANCEL, P99, 500.0, at_most=True),
    Target(CANCEL, STATUS_503, 0, at_most=True),
    Target(STORM, VALUE, 0.7, SERVICE, base_scenario=EVENT_SLOTS),
    Target(STORM, P99, 500.0, at_most=True),
    Target(STORM, STATUS_503, 0, at_most=True),
    Target(SUSTAINED, VALUE, 1.3, COMMIT),
    Target(REFRESH, VALUE, 1.5, FLASK),
    Target(ME, VALUE, 1.5, FLASK),
    Target(ME, SERVICE_CPU, 0.4, at_most=True),
    Target(RESERVE_SPREAD, VALUE, 0.9, SERVICE, base_scenario=EVENT_SLOTS),
    Target(RESERVE_SPREAD, TOTAL_CPU, 1.5, at_most=True),
    Target(RESERVE_HOT, VALUE, 0.9, SERVICE, base_scenario=HOT_SLOT),
    Target(RESERVE_HOT, VALUE, 8.0, EXPRESS),
    Target(RESERVE_HOT, TOTAL_CPU, 1.5, at_most=True),
    Target(EVENTS_LIST, VALUE, 2.0, EXPRESS),
    Target(EVENTS_LIST, TOTAL_CPU, 0.8, at_most=True),
    Target(EVENT_DETAIL, VALUE, 2.0, EXPRESS),
    Target(EVENT_DETAIL, TOTAL_CPU, 0.6, at_most=True),
    Target(ON_SALE_EVENT, VALUE, 0.2, EXPRESS, at_most=True),
    Target(ON_SALE_EVENT, FAILED_ROUNDS, 0, at_most=True),
    Target(ORDERS, VALUE, 250.0),
    Target(ORDERS, VALUE, 3.0, EXPRESS),
    Target(ORDERS, P99, 600.0, at_most=True),
    Target(ORDERS, FAILED_ROUNDS, 0, at_most=True),
    Target(ORDERS_MIXED, VALUE, 0.95, SERVICE, base_scenario=ORDERS),
    Target(ORDERS_MIXED, P99, 600.0, at_most=True),
    Target(ORDERS_MIXED, FAILED_ROUNDS, 0, at_most=True),
    Target(HOLDS_HOT, VALUE, 0.8, SERVICE, base_scenario=HOT_SLOT),
    Target(CHECK_IN, VALUE, 600.0),
    Target(START, VALUE, 3.0, at_most=True),
    Target(WORKER_PSS, VALUE, 100.0, at_most=True),
    Target(EXPORT, VALUE, 0.6, PYMONGO_CURSOR),
    Target(EXPORT_MEMORY, VALUE, 60.0, at_most=True),
    Target(ADMIN_LISTING, VALUE, 100.0, at_most=True),
    Target(EMAILS, VALUE, 200.0),
)


def evaluate(results: Sequence[RoundResult], against: str = "") -> list[TargetResult]:
    """Return the outcome of every target whose scenario was run.

    Targets against a commit need `against`, the name of its service in the results.
    """
    scenarios = {result.scenario for result in results}
    outcomes = []
    for target in TARGETS:
        if target.scenario not in scenarios:
            continue
        if target.against != COMMIT:
            outcomes.append(_evaluate(target, results))
        elif against:
            outcomes.append(_evaluate_pairs(target, results, against))
    return outcomes


def _evaluate_pairs(target: Target, results: Sequence[RoundResult], against: str) -> TargetResult:
    """Compare with another commit round by round."""
    for comparison in compare(results, against):
        if (comparison.scenario, comparison.system) == (target.scenario, SERVICE):
            return TargetResult(target, comparison.rate, comparison.rate >= target.factor)
    return TargetResult(target, None, None)


def _evaluate(target: Target, results: Sequence[RoundResult]) -> TargetResult:
    measured = _measure(target, SERVICE, results)
    base = _base(target, results)
    if measured is None or not base:
        return TargetResult(target, None, None)
    ratio = measured / base
    reached = ratio <= target.factor if target.at_most else ratio >= target.factor
    return TargetResult(target, ratio, reached)


def _base(target: Target, results: Sequence[RoundResult]) -> float | None:
    if not target.against:
        return 1.0
    scenario = target.base_scenario or target.scenario
    return _measure(replace(target, scenario=scenario), target.against, results)


def _measure(target: Target, system: str, results: Sequence[RoundResult]) -> float | None:
    rounds = rounds_of(results, target.scenario, system)
    if not rounds:
        return None
    if target.measure == OTHER_STATUSES:
        return float(sum(_responses_other_than_201(result) for result in rounds))
    if target.measure == STATUS_503:
        return float(sum(result.statuses.get(503, 0) for result in rounds))
    if target.measure == FAILED_ROUNDS:
        return float(sum(bool(result.problem) for result in rounds))
    return _MEASURES[target.measure](summarise_rounds(rounds))


def _responses_other_than_201(result: RoundResult) -> int:
    return sum(count for status, count in result.statuses.items() if status != 201)
