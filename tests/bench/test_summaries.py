"""Medians, ratios between systems, targets, and the report of them."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from bench.results import (
    CANCEL,
    EVENT_SLOTS,
    EXPRESS,
    FLASH_SALE,
    HOT_SLOT,
    MANY_SLOTS,
    SERVICE,
    STORM,
    UNITS,
    RoundResult,
)
from bench.summaries import Summary, compare, summarise
from bench.targets import FAILED_ROUNDS, OTHER_STATUSES, P99, STATUS_503, TARGETS, VALUE, TargetResult, evaluate

COMMIT = "service @ abc12345"
STORED_RESULTS = sorted((Path(__file__).parents[2] / "bench/results").glob("*.json"))


def many_slots(system: str, value: float, **members: Any) -> RoundResult:
    return RoundResult(MANY_SLOTS, system, value, **members)


def hot_slot(system: str, **members: Any) -> RoundResult:
    return RoundResult(HOT_SLOT, system, 100.0, **members)


def evaluated(results: list[RoundResult], scenario: str, measure: str) -> TargetResult:
    (found,) = [
        each for each in evaluate(results) if (each.target.scenario, each.target.measure) == (scenario, measure)
    ]
    return found


def test_summary_has_medians_and_extremes_of_valid_rounds() -> None:
    results = [
        many_slots(SERVICE, 100, p50=10, p99=20, service_cpu_ms=1.0, mongod_cpu_ms=0.3, later_cpu_ms=0.2),
        many_slots(EXPRESS, 5),
        many_slots(SERVICE, 300, p50=30, p99=40, service_cpu_ms=1.2),
        many_slots(SERVICE, 120, p50=11, p99=90, service_cpu_ms=1.1, mongod_cpu_ms=0.5),
        many_slots(SERVICE, 999, problem="a slot is oversold by 1"),
    ]

    service, express = summarise(results)

    assert service == Summary(MANY_SLOTS, SERVICE, 4, 1, 120, 100, 300, 11, 40, 1.1, 0.4, 0.2, None)
    assert (express.system, express.value, express.p99, express.service_cpu_ms) == (EXPRESS, 5, None, None)


def test_summary_without_a_valid_round_has_no_value() -> None:
    (summary,) = summarise([many_slots(SERVICE, 100, problem="wrong")])

    assert (summary.rounds, summary.failed, summary.value, summary.minimum) == (1, 1, None, None)


def test_comparison_is_the_median_ratio_of_neighbouring_rounds() -> None:
    # The machine becomes twice as slow after the second round: medians of each system would show another ratio.
    service = [1000, 1100, 500, 520]
    commit = [1000, 1000, 500, 400]
    results = [
        many_slots(system, value, service_cpu_ms=cpu)
        for round_values in zip(service, commit, strict=True)
        for system, value, cpu in zip((SERVICE, COMMIT), round_values, (0.9, 1.0), strict=True)
    ]

    (comparison,) = compare(results, COMMIT)

    assert (comparison.scenario, comparison.system, comparison.against) == (MANY_SLOTS, SERVICE, COMMIT)
    assert comparison.rounds == 4
    assert comparison.rate == pytest.approx(1.05)
    assert (comparison.lowest_rate, comparison.highest_rate) == (1.0, 1.3)
    assert comparison.service_cpu == pytest.approx(0.9)
    assert comparison.mongod_cpu is None


def test_comparison_of_seconds_is_inverted() -> None:
    results = [RoundResult(FLASH_SALE, SERVICE, 2.0), RoundResult(FLASH_SALE, COMMIT, 3.0)]

    (comparison,) = compare(results, COMMIT)

    assert comparison.rate == pytest.approx(1.5)


def test_comparison_skips_pairs_with_a_failed_round() -> None:
    results = [
        many_slots(SERVICE, 100),
        many_slots(COMMIT, 1, problem="wrong"),
        many_slots(SERVICE, 100),
        many_slots(COMMIT, 50),
        many_slots(SERVICE, 100),  # the run was interrupted here
    ]

    (comparison,) = compare(results, COMMIT)

    assert (comparison.rounds, comparison.rate) == (1, 2.0)


@pytest.mark.parametrize("other", [many_slots(EXPRESS, 5), many_slots(COMMIT, 0), many_slots(COMMIT, 5, problem="x")])
def test_comparison_without_a_pair_of_rounds_is_left_out(other: RoundResult) -> None:
    assert compare([many_slots(SERVICE, 100), other], COMMIT) == []


def test_target_at_least_compares_medians() -> None:
    results = [many_slots(SERVICE, 150), many_slots(EXPRESS, 100)]
    to_express = next(each for each in evaluate(results) if each.target.against == EXPRESS)
    slower = next(each for each in evaluate([*results, many_slots(EXPRESS, 102)]) if each.target.against == EXPRESS)

    assert (to_express.ratio, to_express.reached) == (1.5, True)
    assert slower.reached is False


def test_target_at_most_compares_p99() -> None:
    results = [hot_slot(SERVICE, p99=10.0), hot_slot(EXPRESS, p99=100.0)]

    assert evaluated(results, HOT_SLOT, P99).reached is True
    assert evaluated([*results, hot_slot(SERVICE, p99=20.0)], HOT_SLOT, P99).reached is False


def test_target_without_a_value_of_either_side_is_undecided() -> None:
    assert evaluated([hot_slot(SERVICE, p99=10.0)], HOT_SLOT, P99).reached is None
    assert evaluated([hot_slot(EXPRESS, p99=10.0)], HOT_SLOT, P99).reached is None


def test_target_counts_responses_other_than_201_of_the_service_alone() -> None:
    results = [
        hot_slot(SERVICE, statuses={201: 5}),
        hot_slot(SERVICE, statuses={201: 5, 503: 2, 409: 1}),
        hot_slot(EXPRESS, statuses={500: 9}),
    ]

    outcome = evaluated(results, HOT_SLOT, OTHER_STATUSES)

    assert (outcome.ratio, outcome.reached) == (3.0, False)


def test_target_counts_failed_rounds() -> None:
    results = [RoundResult(FLASH_SALE, SERVICE, 2.0), RoundResult(FLASH_SALE, SERVICE, 2.0, problem="wrong")]

    assert evaluated(results, FLASH_SALE, FAILED_ROUNDS).reached is False
    assert evaluated(results[:1], FLASH_SALE, FAILED_ROUNDS).reached is True


def test_target_compares_with_another_scenario_of_the_service() -> None:
    cancels = [RoundResult(CANCEL, SERVICE, 750.0, p99=400.0, statuses={200: 20})]
    crowd = [RoundResult(EVENT_SLOTS, SERVICE, 1000.0)]

    assert evaluated([*cancels, *crowd], CANCEL, VALUE).ratio == pytest.approx(0.75)
    assert evaluated([*cancels, *crowd], CANCEL, VALUE).reached is True
    assert evaluated(cancels, CANCEL, VALUE).reached is None
    assert evaluated(cancels, CANCEL, P99).reached is True


def test_target_counts_responses_with_503() -> None:
    storm = [RoundResult(STORM, SERVICE, 750.0, statuses={200: 20, 503: 2})]

    assert evaluated(storm, STORM, STATUS_503).ratio == 2.0
    assert evaluated(storm, STORM, STATUS_503).reached is False


def test_target_of_a_scenario_that_was_not_run_is_left_out() -> None:
    assert {each.target.scenario for each in evaluate([hot_slot(SERVICE)])} == {HOT_SLOT}
    assert {target.scenario for target in TARGETS} <= UNITS.keys()


@pytest.mark.parametrize("file", STORED_RESULTS, ids=lambda file: file.name)
def test_stored_results_have_the_names_of_the_code(file: Path) -> None:
    content = json.loads(file.read_text())

    # Files from before the CPU columns lack them.
    cpu = {"service_cpu_ms", "mongod_cpu_ms", "later_cpu_ms", "later_mongod_cpu_ms"}
    assert {field.name for field in fields(Summary)} - cpu <= content["summaries"][0].keys()
    assert {field.name for field in fields(RoundResult)} - cpu <= content["rounds"][0].keys()
    assert {row["scenario"] for row in content["rounds"]} <= UNITS.keys()
    results = [
        RoundResult(**row | {"statuses": {int(k): n for k, n in row["statuses"].items()}}) for row in content["rounds"]
    ]
    # Older files have the targets of their time.
    ratios = {(row["scenario"], row["measure"], row["against"]): row["ratio"] for row in content["targets"]}
    outcomes = [each for each in evaluate(results) if each.ratio is not None]
    compared = [each for each in outcomes if (each.target.scenario, each.target.measure, each.target.against) in ratios]
    assert compared
    for each in compared:
        assert each.ratio == ratios[each.target.scenario, each.target.measure, each.target.against]


def test_stored_results_exist() -> None:
    assert STORED_RESULTS
