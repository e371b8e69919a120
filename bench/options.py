"""Command-line options of `python -m bench.run`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.results import LONG_SCENARIOS, SHORT_SCENARIOS

ALL_SCENARIOS = (*SHORT_SCENARIOS, *LONG_SCENARIOS)
STORED = 100_000
MOST_STORED = 1_000_000
MOST_SECONDS = 60
MOST_ROUNDS = 20


@dataclass(frozen=True)
class Defaults:
    """What is run without further options."""

    scenarios: tuple[str, ...]
    rounds: int
    seconds: float
    cancellations: int
    sustained_seconds: float


FULL = Defaults(ALL_SCENARIOS, rounds=4, seconds=4.0, cancellations=20_000, sustained_seconds=60.0)
QUICK = Defaults(SHORT_SCENARIOS, rounds=2, seconds=2.0, cancellations=2000, sustained_seconds=6.0)


@dataclass(frozen=True)
class Sizes:
    """Bookings that `cancel` cancels, bookings stored before a round, and the length of `sustained`."""

    cancellations: int
    stored: int
    sustained_seconds: float


@dataclass(frozen=True)
class Options:
    """The options. `workers`: None is one for each core. `against` is a git ref or empty."""

    scenarios: frozenset[str]
    rounds: int
    seconds: float
    workers: int | None
    express_workers: int
    against: str
    with_peers: bool
    sizes: Sizes

    def to_json(self) -> dict[str, Any]:
        """Return the members for the results file."""
        return {**vars(self), "scenarios": sorted(self.scenarios), "sizes": asdict(self.sizes)}


def parse_options(arguments: Sequence[str]) -> Options:
    """Return the options of a command line. Exits with code 2 if it is wrong."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    defaults = QUICK if parsed.quick else FULL
    scenarios = frozenset(defaults.scenarios)
    if parsed.only:
        scenarios = frozenset(parsed.only.split(","))
    if unknown := scenarios.difference(ALL_SCENARIOS):
        parser.error(f"unknown scenario: {', '.join(sorted(unknown))}")
    if parsed.against and not scenarios.intersection(SHORT_SCENARIOS):
        parser.error(f"--against needs one of the scenarios {', '.join(SHORT_SCENARIOS)}")
    _require_bounds(parser, parsed)
    return Options(
        scenarios=scenarios,
        rounds=parsed.rounds or defaults.rounds,
        seconds=parsed.seconds or defaults.seconds,
        workers=parsed.workers,
        express_workers=parsed.express_workers,
        against=parsed.against,
        with_peers=not parsed.no_peers,
        sizes=Sizes(defaults.cancellations, parsed.stored, defaults.sustained_seconds),
    )


def _require_bounds(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """Refuse numbers that would make a load endless, or meaningless."""
    bounds = (("rounds", MOST_ROUNDS), ("seconds", MOST_SECONDS), ("stored", MOST_STORED))
    for name, most in bounds:
        value = getattr(parsed, name)
        if value is not None and not 0 < value <= most:
            parser.error(f"--{name} must be above 0 and at most {most}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="Benchmark the service.")
    parser.add_argument("--quick", action="store_true", help="six minutes: fewer, shorter rounds, no million bookings")
    parser.add_argument("--only", metavar="SCENARIO,SCENARIO", help=", ".join(ALL_SCENARIOS))
    parser.add_argument("--against", default="", metavar="REF", help="compare with the service of this git commit")
    parser.add_argument("--no-peers", action="store_true", help="run the service, and the commit of --against, alone")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"at most {MOST_ROUNDS}")
    parser.add_argument("--seconds", type=int, metavar="S", help=f"length of a round, at most {MOST_SECONDS}")
    parser.add_argument(
        "--stored",
        type=int,
        default=STORED,
        metavar="N",
        help=f"stored bookings; default: {STORED}, at most {MOST_STORED}",
    )
    parser.add_argument("--workers", type=int, metavar="N", help="of the service; default: one for each core")
    parser.add_argument("--express-workers", type=int, default=1, metavar="N", help="default: 1, its fastest")
    return parser
