"""Summaries: medians of a system's rounds, and its ratios to another system round by round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.results import LOWER_IS_BETTER, RoundResult


@dataclass(frozen=True)
class Summary:
    """A system's rounds of a scenario: medians, and the extremes of the value. None: no round counts."""

    scenario: str
    system: str
    rounds: int
    failed: int
    value: float | None
    minimum: float | None
    maximum: float | None
    p50: float | None
    p99: float | None
    service_cpu_ms: float | None
    mongod_cpu_ms: float | None
    later_cpu_ms: float | None
    later_mongod_cpu_ms: float | None


@dataclass(frozen=True)
class Comparison:
    """The ratios of a system to another one in a scenario: medians over pairs of rounds.

    A rate ratio above 1 means that `system` is faster. A CPU ratio below 1 means that it needs less CPU time.
    """

    scenario: str
    system: str
    against: str
    rounds: int
    rate: float
    lowest_rate: float
    highest_rate: float
    service_cpu: float | None
    mongod_cpu: float | None


def summarise(results: Sequence[RoundResult]) -> list[Summary]:
    """Return a summary per scenario and system, in the order of their first rounds."""
    pairs = dict.fromkeys((result.scenario, result.system) for result in results)
    return [summarise_rounds(rounds_of(results, scenario, system)) for scenario, system in pairs]


def summarise_rounds(rounds: Sequence[RoundResult]) -> Summary:
    """Return the summary of one system's rounds of one scenario."""
    valid = [result for result in rounds if not result.problem]
    values = [result.value for result in valid]
    return Summary(
        scenario=rounds[0].scenario,
        system=rounds[0].system,
        rounds=len(rounds),
        failed=len(rounds) - len(valid),
        value=_median(values),
        minimum=min(values, default=None),
        maximum=max(values, default=None),
        p50=_median(result.p50 for result in valid),
        p99=_median(result.p99 for result in valid),
        service_cpu_ms=_median(result.service_cpu_ms for result in valid),
        mongod_cpu_ms=_median(result.mongod_cpu_ms for result in valid),
        later_cpu_ms=_median(result.later_cpu_ms for result in valid),
        later_mongod_cpu_ms=_median(result.later_mongod_cpu_ms for result in valid),
    )


def rounds_of(results: Iterable[RoundResult], scenario: str, system: str) -> list[RoundResult]:
    """Return a system's rounds of a scenario."""
    return [result for result in results if (result.scenario, result.system) == (scenario, system)]


def compare(results: Sequence[RoundResult], against: str) -> list[Comparison]:
    """Return the ratios of every other system to `against`, where both have a valid round."""
    pairs = dict.fromkeys((result.scenario, result.system) for result in results if result.system != against)
    comparisons = (_compare(results, scenario, system, against) for scenario, system in pairs)
    return [comparison for comparison in comparisons if comparison is not None]


def _compare(results: Sequence[RoundResult], scenario: str, system: str, against: str) -> Comparison | None:
    # The machine's speed changes during a run, so a round is compared with the other system's round next to it.
    neighbours = zip(rounds_of(results, scenario, system), rounds_of(results, scenario, against), strict=False)
    valid = [(result, base) for result, base in neighbours if not (result.problem or base.problem)]
    rates = _ratios(valid, _rate)
    if not rates:
        return None
    return Comparison(
        scenario=scenario,
        system=system,
        against=against,
        rounds=len(rates),
        rate=median(rates),
        lowest_rate=min(rates),
        highest_rate=max(rates),
        service_cpu=_median(_ratios(valid, lambda result: result.service_cpu_ms)),
        mongod_cpu=_median(_ratios(valid, lambda result: result.mongod_cpu_ms)),
    )


def _rate(result: RoundResult) -> float | None:
    if result.scenario not in LOWER_IS_BETTER:
        return result.value
    return 1 / result.value if result.value else None


def _ratios(
    pairs: Iterable[tuple[RoundResult, RoundResult]], measure: Callable[[RoundResult], float | None]
) -> list[float]:
    ratios: list[float] = []
    for result, base in pairs:
        numerator = measure(result)
        denominator = measure(base)
        if numerator is not None and denominator:
            ratios.append(numerator / denominator)
    return ratios


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
