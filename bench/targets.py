"""What the service must reach, and whether it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bench.scenes import Result

OURS, EXPRESS, FLASK = "ours", "textbook_express", "textbook_flask"
NO_DATABASE, BARE_DRIVER, BARE_CURSOR = "no database", "bare driver", "bare cursor"


@dataclass(frozen=True)
class Summary:
    """A contender's rounds of a scene; medians, and the least and the most of the figure. None: no round counts."""

    scene: str
    contender: str
    rounds: int
    failed: int
    figure: float | None
    least: float | None
    most: float | None
    p50: float | None
    p99: float | None


@dataclass(frozen=True)
class Target:
    """`measure` of the service must be at least (or at most) `factor` times that of `against`, or `factor` itself."""

    scene: str
    measure: str
    factor: float
    against: str = ""
    at_most: bool = False


@dataclass(frozen=True)
class Verdict:
    """A target with what came of it; `ratio` is the service's measure by the other's, or the measure itself."""

    target: Target
    ratio: float | None
    reached: bool | None

    def as_json(self) -> dict[str, Any]:
        """Return the verdict for the results file."""
        return {**asdict(self.target), "ratio": self.ratio, "reached": self.reached}


TARGETS = (
    Target("spread", "figure", 1.5, EXPRESS),
    Target("spread", "figure", 2.0, FLASK),
    Target("spread", "figure", 0.6, NO_DATABASE),
    Target("crowd", "figure", 3.0, EXPRESS),
    Target("crowd", "answers but 201", 0, at_most=True),
    Target("hot", "figure", 5.0, EXPRESS),
    Target("hot", "p99", 0.1, EXPRESS, at_most=True),
    Target("hot", "answers but 201", 0, at_most=True),
    Target("sold out", "figure", 1.2, EXPRESS),
    Target("looking", "figure", 1.5, EXPRESS),
    Target("on sale", "figure", 0.5, EXPRESS, at_most=True),
    Target("on sale", "rounds that do not check", 0, at_most=True),
    Target("export", "figure", 0.6, BARE_CURSOR),
    Target("export memory", "figure", 60.0, at_most=True),
    Target("listing", "figure", 100.0, at_most=True),
    Target("letters", "figure", 200.0),
)


def summarise(results: Sequence[Result]) -> list[Summary]:
    """Return a summary for each scene and contender, in the order they first appear; failed rounds score nothing."""
    names = dict.fromkeys((result.scene, result.contender) for result in results)
    return [_summary([r for r in results if (r.scene, r.contender) == name]) for name in names]


def judge(results: Sequence[Result]) -> list[Verdict]:
    """Return what came of every target whose scene was played; `reached` is None where a side has no figure."""
    played = {result.scene for result in results}
    return [_verdict(target, results) for target in TARGETS if target.scene in played]


def _verdict(target: Target, results: Sequence[Result]) -> Verdict:
    ours = _measure(target, OURS, results)
    base = _measure(target, target.against, results) if target.against else 1.0
    if ours is None or not base:
        return Verdict(target, None, None)
    ratio = ours / base
    return Verdict(target, ratio, ratio <= target.factor if target.at_most else ratio >= target.factor)


def _measure(target: Target, contender: str, results: Sequence[Result]) -> float | None:
    mine = [result for result in results if (result.scene, result.contender) == (target.scene, contender)]
    if not mine:
        return None
    if target.measure == "answers but 201":
        return float(sum(n for result in mine for status, n in result.statuses.items() if status != 201))
    if target.measure == "rounds that do not check":
        return float(sum(bool(result.problem) for result in mine))
    value: float | None = getattr(_summary(mine), target.measure)
    return value


def _summary(results: Sequence[Result]) -> Summary:
    good = [result for result in results if not result.problem]
    figures = [result.figure for result in good]
    return Summary(
        scene=results[0].scene,
        contender=results[0].contender,
        rounds=len(results),
        failed=len(results) - len(good),
        figure=_middle(figures),
        least=min(figures, default=None),
        most=max(figures, default=None),
        p50=_middle([result.p50 for result in good if result.p50 is not None]),
        p99=_middle([result.p99 for result in good if result.p99 is not None]),
    )


def _middle(values: Sequence[float]) -> float | None:
    return median(values) if values else None
