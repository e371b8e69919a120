"""`make bench`: measures the service against its peers and against what it is made of, and prints one table.

python -m bench.run [--quick] [--only spread,hot] [--rounds N] [--seconds S] [--workers N] [--express-workers N]
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from bench import contenders, loads, table
from bench.contenders import ENDLESS, EVENT, WIDE, Contender, Place, planned_in
from bench.million import million
from bench.scenes import SCENES, Result, Rush
from bench.targets import NO_DATABASE, OURS
from core.config.settings import ROOT
from core.mongo.client import connect
from devdb.errors import MongodMissing, NotReady
from devdb.replica_set import start_replica_set

RESULTS = ROOT / "bench/results"
RUSH = ("spread", "crowd", "strangers", "hot", "sold-out", "looking")
ON_SALE, LONG = "on-sale", ("export", "listing", "letters")
SALE_WORKERS = 2


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    scenes: frozenset[str]
    rounds: int
    seconds: float
    workers: int | None
    express_workers: int


def main(arguments: Sequence[str]) -> int:
    """Run the bench; the exit code is 1 when a round does not check or the bench cannot run."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _leave)
    os.chdir(ROOT)
    results: list[Result] = []
    facts: dict[str, Any] = {"options": {**vars(options), "scenes": sorted(options.scenes)}}
    try:
        loads.require_wrk()
        _compete(options, results, facts)
        million(options.scenes, results, facts)
    except (loads.CannotLoad, contenders.DidNotStart, MongodMissing, NotReady) as reason:
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbench: stopped; nothing is left running.", file=sys.stderr)
        return 130
    finally:
        if results:
            print("\n" + table.show(results))
            print(f"\n{table.write(RESULTS, results, facts).relative_to(ROOT)}")
    return 1 if any(result.problem for result in results) else 0


def _compete(options: Options, results: list[Result], facts: dict[str, Any]) -> None:
    if not options.scenes.intersection({*RUSH, ON_SALE}):
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        database = stack.enter_context(start_replica_set(nodes=1))
        client = connect(database.uri, "bench")
        stack.callback(client.close)
        place = Place(database.uri, client, folder)
        facts |= table.machine(place)
        field = _Field(options, Rush(place, options.seconds), stack)
        for result in field.play():
            results.append(result)
            print(_progress(result), flush=True)


@dataclass
class _Field:
    """Everybody who competes; started once, idle while another is on."""

    options: Options
    rush: Rush
    stack: ExitStack

    def play(self) -> Iterator[Result]:
        """Yield every round of every scene: contenders in turn, another one first each time."""
        scenes = [scene for scene in (*RUSH, ON_SALE) if scene in self.options.scenes]
        bouts = {scene: self._bouts(scene, *self._peers(scene)) for scene in scenes}
        for number in range(self.options.rounds):
            for bout in bouts.values():
                first = number % len(bout)
                for play in bout[first:] + bout[:first]:
                    yield play()

    def _peers(self, scene: str) -> list[Contender]:
        peers = [self._express(), self._ours(scene)]
        return peers if scene == ON_SALE else [*peers, self._flask()]

    def _bouts(self, scene: str, *takers: Contender) -> list[Callable[[], Result]]:
        bouts = [_bout(scene, self.rush, taker) for taker in takers]
        if scene == "spread":
            bouts.append(_bout(scene, self.rush, self._no_database()))
        if scene in ("spread", "hot"):
            bouts.append(lambda: self.rush.drive(scene))
        return bouts

    def _ours(self, scene: str) -> Contender:
        schedule = {"spread": WIDE, ON_SALE: EVENT}.get(scene, ENDLESS)
        workers = SALE_WORKERS if scene == ON_SALE else self.options.workers
        name = f"ours-{schedule.stem}"
        return self._once(name, OURS, lambda: contenders.product(self.rush.place, name, schedule, workers))

    def _no_database(self) -> Contender:
        name, app = "no-database", "bench.ceiling:create_app()"
        return self._once(
            name, NO_DATABASE, lambda: contenders.product(self.rush.place, name, WIDE, self.options.workers, app)
        )

    def _flask(self) -> Contender:
        return self._once("textbook_flask", "textbook_flask", lambda: contenders.textbook_flask(self.rush.place))

    def _express(self) -> Contender:
        name, workers = "textbook_express", self.options.express_workers
        return self._once(name, name, lambda: contenders.textbook_express(self.rush.place, workers))

    def _once(self, key: str, name: str, start: Callable[[], Contender]) -> Contender:
        if key not in self._started:
            contender = start()
            self.stack.callback(contender.stop)
            contender.name = name
            planned = planned_in(Path(contender.environment.get("SCHEDULE_FILE", str(ENDLESS))))
            self.rush.warm_up(contender, planned)
            self._started[key] = contender
        return self._started[key]

    def __post_init__(self) -> None:
        self._started: dict[str, Contender] = {}


def _bout(scene: str, rush: Rush, taker: Contender) -> Callable[[], Result]:
    def play() -> Result:
        try:
            return SCENES[scene](rush, taker)
        except loads.CannotLoad as reason:
            return Result(scene.replace("-", " "), taker.name, 0.0, problem=str(reason))

    return play


def _options(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="two minutes: fewer and shorter rounds, no million rows")
    parser.add_argument("--only", metavar="SCENE,SCENE", help=", ".join((*RUSH, ON_SALE, *LONG)))
    parser.add_argument("--rounds", type=int, metavar="N")
    parser.add_argument("--seconds", type=float, metavar="S", help="how long a round lasts")
    parser.add_argument("--workers", type=int, metavar="N", help="of the service; default: the number of cores")
    parser.add_argument("--express-workers", type=int, default=1, metavar="N", help="default: 1, its quickest")
    given = parser.parse_args(arguments)
    known = frozenset((*RUSH, ON_SALE, *(() if given.quick else LONG)))
    scenes = frozenset(given.only.split(",")) if given.only else known
    if unknown := scenes - {*RUSH, ON_SALE, *LONG}:
        parser.error(f"there is no scene {', '.join(sorted(unknown))}")
    usual = Options(scenes, 2 if given.quick else 4, 2.0 if given.quick else 4.0, given.workers, given.express_workers)
    return replace(usual, rounds=given.rounds or usual.rounds, seconds=given.seconds or usual.seconds)


def _progress(result: Result) -> str:
    answers = " ".join(f"{status}:{n}" for status, n in sorted(result.statuses.items()))
    problem = f" SCORES NOTHING: {result.problem}" if result.problem else ""
    who = f"{result.scene:<10}{result.contender:<18}"
    return f"{who}{result.figure:>10,.2f}  p99 {result.p99 or 0:.0f} ms  {answers}{problem}"


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
