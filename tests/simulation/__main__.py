"""Command line of `python -m tests.simulation`: replays one seed with its steps, or runs many."""

from __future__ import annotations

import argparse
import os
import sys

from core.mongo.client import connect
from devdb.replica_set import start_replica_set
from tests.simulation.run import Violation, simulator


def main() -> int:
    """Run the seeds; return 1 at the first violation."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description="Simulate orders.")
    parser.add_argument("--seed", type=int, help="replay this seed and print its steps")
    parser.add_argument("--seeds", type=int, default=100, help="run so many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first one of them")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    if options.seed is not None:
        seeds = range(options.seed, options.seed + 1)
    with (
        start_replica_set(test_commands=True) as replica_set,
        simulator(replica_set.uri, connect(replica_set.uri)) as run,
    ):
        for seed in seeds:
            try:
                world = run.run(seed)
            except Violation as violation:
                sys.stdout.write(f"{violation}\n")
                return 1
            if options.seed is not None:
                sys.stdout.write("\n".join(world.trace) + "\n")
    sys.stdout.write(f"{len(seeds)} seeds, no violation\n")
    return 0


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # Sets are walked in the same order in each run.
        command = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, "PYTHONHASHSEED": "0"})
    sys.exit(main())
