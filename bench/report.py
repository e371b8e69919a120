"""Report: all results as Markdown tables, and one JSON file of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.results import SERVICE, UNITS, RoundResult
from bench.summaries import Comparison, Summary, compare, summarise
from bench.targets import VALUE, TargetResult, evaluate

OUTCOMES: Mapping[bool | None, str] = {True: "reached", False: "**not reached**", None: "no value"}
VALUE_TITLES = (
    "scenario",
    "system",
    "median",
    "lowest",
    "highest",
    "unit",
    "p50 ms",
    "p99 ms",
    "CPU ms",
    "mongod CPU ms",
    "later CPU ms",
    "later mongod CPU ms",
)
RATIO_TITLES = ("scenario", "rate", "lowest", "highest", "CPU", "mongod CPU", "pairs of rounds")
TARGET_TITLES = ("scenario", "measure", "target", "value", "outcome")


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
        """Return Markdown: the table of values, the comparison with another commit, the targets and failed rounds."""
        comparisons = self._comparisons()
        parts = [self._values(comparisons)]
        ratios = [_ratio_row(comparison) for comparison in comparisons if comparison.system == SERVICE]
        if ratios:
            parts.append(f"{SERVICE} / {self.against}:")
            parts.append(table(RATIO_TITLES, ratios))
        targets = evaluate(self.results, self.against)
        if targets:
            parts.append(table(TARGET_TITLES, map(_target_row, targets)))
        parts += [_problem_line(result) for result in self.results if result.problem]
        return "\n\n".join(parts)

    def write(self, folder: Path) -> Path:
        """Write everything to a new JSON file in `folder` and return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            **self.facts,
            "summaries": [asdict(summary) | {"unit": UNITS[summary.scenario]} for summary in summarise(self.results)],
            "comparisons": [asdict(comparison) for comparison in self._comparisons()],
            "targets": [result.to_json() for result in evaluate(self.results, self.against)],
            "rounds": [asdict(result) for result in self.results],
        }
        path = folder / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.json"
        path.write_text(json.dumps(content, indent=1) + "\n")
        return path

    def _values(self, comparisons: Sequence[Comparison]) -> str:
        rates = {(comparison.scenario, comparison.system): comparison.rate for comparison in comparisons}
        titles: tuple[str, ...] = VALUE_TITLES
        rows = [_row(summary) for summary in summarise(self.results)]
        if self.against:
            titles = (*titles, f"rate / {self.against}")
            for row in rows:
                rate = rates.get((row[0], row[1]))
                row.append("" if rate is None else f"{rate:.2f}")
        return table(titles, rows)

    def _comparisons(self) -> list[Comparison]:
        return compare(self.results, self.against) if self.against else []


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose columns are aligned as plain text, too."""
    lines = [tuple(titles), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(_table_line(line, widths) for line in lines)


def progress_line(result: RoundResult) -> str:
    """Return a finished round in one line."""
    statuses = " ".join(f"{status}:{count}" for status, count in sorted(result.statuses.items()))
    problem = f" FAILED: {result.problem}" if result.problem else ""
    p99 = f"p99 {_number(result.p99)} ms"
    return f"{result.scenario:<20}{result.system:<26}{result.value:>10,.2f}  {p99}  {statuses}{problem}"


def _table_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = map(str.ljust, cells, widths)
    return f"| {' | '.join(padded)} |"


def _row(summary: Summary) -> list[str]:
    value = _number(summary.value)
    if summary.failed:
        value = f"{value} ({summary.failed} of {summary.rounds} rounds failed)"
    later = (summary.later_cpu_ms, summary.later_mongod_cpu_ms)
    measured = (summary.p50, summary.p99, summary.service_cpu_ms, summary.mongod_cpu_ms, *later)
    return [
        summary.scenario,
        summary.system,
        value,
        _number(summary.minimum),
        _number(summary.maximum),
        UNITS[summary.scenario],
        *map(_number, measured),
    ]


def _ratio_row(comparison: Comparison) -> list[str]:
    rates = (comparison.rate, comparison.lowest_rate, comparison.highest_rate)
    cpu_times = (comparison.service_cpu, comparison.mongod_cpu)
    return [comparison.scenario, *map(_number, rates + cpu_times), str(comparison.rounds)]


def _target_row(result: TargetResult) -> list[str]:
    target = result.target
    measure = UNITS[target.scenario] if target.measure == VALUE else target.measure
    bound = f"{'at most' if target.at_most else 'at least'} {target.factor:g}"
    base = target.base_scenario or target.against
    if base:
        bound = f"{bound} x {base}"
    return [target.scenario, measure, bound, _number(result.ratio), OUTCOMES[result.reached]]


def _problem_line(result: RoundResult) -> str:
    return f"failed round: {result.scenario}, {result.system}: {result.problem}"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
