"""Report: one table of all results for people, and one JSON file of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.results import SERVICE, UNITS, RoundResult
from bench.summaries import Comparison, Summary, compare, summarise
from bench.targets import VALUE, TargetResult, evaluate

COLUMNS = "{:<18}{:<26}{:>10}{:>10}{:>10}{:>9}{:>9}{:>10}{:>10}"
GROUP_TITLES = f"{'':<74}{'latency, ms':>18}{'CPU ms/request':>20}"
OUTCOMES: Mapping[bool | None, str] = {True: "reached", False: "NOT REACHED", None: "no value"}


@dataclass
class Report:
    """All results of a run. `against` is the name of the system to compare with, or empty.

    `facts` are further members of the results file.
    """

    results: list[RoundResult] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    against: str = ""

    @property
    def has_problems(self) -> bool:
        """Whether a round failed its checks."""
        return any(result.problem for result in self.results)

    def text(self) -> str:
        """Return the table, the comparison with another commit, the targets and the failed rounds."""
        comparisons = self._comparisons()
        rates = {(comparison.scenario, comparison.system): comparison.rate for comparison in comparisons}
        summaries = summarise(self.results)
        lines = _title_lines(self.against)
        lines += [_row(summary, rates.get((summary.scenario, summary.system))) for summary in summaries]
        lines += ["", *(_comparison_line(comparison) for comparison in comparisons if comparison.system == SERVICE)]
        lines += ["", *map(_target_line, evaluate(self.results))]
        lines += [_problem_line(result) for result in self.results if result.problem]
        return "\n".join(lines)

    def write(self, folder: Path) -> Path:
        """Write everything to a new JSON file in `folder` and return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            **self.facts,
            "summaries": [asdict(summary) | {"unit": UNITS[summary.scenario]} for summary in summarise(self.results)],
            "comparisons": [asdict(comparison) for comparison in self._comparisons()],
            "targets": [result.to_json() for result in evaluate(self.results)],
            "rounds": [asdict(result) for result in self.results],
        }
        path = folder / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.json"
        path.write_text(json.dumps(content, indent=1) + "\n")
        return path

    def _comparisons(self) -> list[Comparison]:
        return compare(self.results, self.against) if self.against else []


def progress_line(result: RoundResult) -> str:
    """Return a finished round in one line."""
    statuses = " ".join(f"{status}:{count}" for status, count in sorted(result.statuses.items()))
    problem = f" FAILED: {result.problem}" if result.problem else ""
    p99 = f"p99 {_number(result.p99)} ms"
    return f"{result.scenario:<18}{result.system:<26}{result.value:>10,.2f}  {p99}  {statuses}{problem}"


def _title_lines(against: str) -> list[str]:
    titles = ("scenario", "system", "median", "minimum", "maximum", "p50", "p99", "service", "mongod")
    columns = COLUMNS.format(*titles)
    ratio = f"rate / {against}" if against else ""
    return [GROUP_TITLES, f"{columns}  {'unit':<14}{ratio}".rstrip(), "-" * len(columns)]


def _row(summary: Summary, rate_ratio: float | None) -> str:
    values = (summary.value, summary.minimum, summary.maximum)
    latencies = (summary.p50, summary.p99)
    cpu_times = (summary.service_cpu_ms, summary.mongod_cpu_ms)
    columns = COLUMNS.format(summary.scenario, summary.system, *map(_number, values + latencies + cpu_times))
    ratio = "" if rate_ratio is None else f"{rate_ratio:.2f}"
    failed = f"  ({summary.failed} of {summary.rounds} rounds failed)" if summary.failed else ""
    return f"{columns}  {UNITS[summary.scenario]:<14}{ratio}{failed}".rstrip()


def _comparison_line(comparison: Comparison) -> str:
    rates = f"{comparison.rate:.2f} ({comparison.lowest_rate:.2f} to {comparison.highest_rate:.2f})"
    cpu = f"service CPU {_number(comparison.service_cpu)}, mongod CPU {_number(comparison.mongod_cpu)}"
    pairs = f"{comparison.rounds} pairs of rounds"
    return f"{comparison.scenario}: {comparison.system} / {comparison.against}: rate {rates}, {cpu}; {pairs}"


def _target_line(result: TargetResult) -> str:
    target = result.target
    measure = UNITS[target.scenario] if target.measure == VALUE else target.measure
    bound = f"{'at most' if target.at_most else 'at least'} {target.factor:g}"
    against = f" x {target.against}" if target.against else ""
    if target.base_scenario:
        against = f" x {target.base_scenario}"
    ratio = "-" if result.ratio is None else f"{result.ratio:.2f}"
    return f"{OUTCOMES[result.reached]:<13}{target.scenario}: {measure} {bound}{against}: {ratio}"


def _problem_line(result: RoundResult) -> str:
    return f"failed round: {result.scenario}, {result.system}: {result.problem}"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
