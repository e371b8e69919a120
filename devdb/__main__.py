"""Command line of `python -m devdb`: `run` a service beside a database, or `start` a database alone."""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from core.config.settings import ConfigError
from devdb.errors import FolderInUse, MongodMissing, NotReady, SetupError
from devdb.replica_set import start_replica_set
from devdb.run import STOP_SIGNALS, run, say


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m devdb", description="MongoDB for development.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    runs = verbs.add_parser("run", usage="python -m devdb run [--data FOLDER] [--demo] -- COMMAND [ARGUMENT ...]")
    runs.add_argument("--demo", action="store_true", help="load the demo into a new database")
    runs.add_argument("--data", type=Path, default=Path("var/mongo"), metavar="FOLDER")
    starts = verbs.add_parser("start", help="run a set until Ctrl-C")
    starts.add_argument("--data", type=Path, metavar="FOLDER")
    starts.add_argument("--nodes", type=int, choices=(1, 3), default=1)
    own_arguments, command = _split(arguments)
    options = parser.parse_args(own_arguments)
    if options.verb == "run" and not command:
        runs.error("a COMMAND is needed after --")
    try:
        if options.verb == "run":
            return run(command, options.data, demo=options.demo)
        return start(options.nodes, options.data)
    except (MongodMissing, NotReady, FolderInUse) as reason:
        print(f"devdb: {reason}", file=sys.stderr)
        return 1
    except (ConfigError, SetupError) as reason:
        print(reason, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}.", file=sys.stderr)
    return 2


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the arguments before and after `--`."""
    if "--" not in arguments:
        return arguments, ()
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def start(nodes: int, data: Path | None) -> int:
    """Run a replica set until a signal arrives."""
    for number in STOP_SIGNALS:
        signal.signal(number, _exit)
    with start_replica_set(nodes, data) as replica_set:
        say(f"Database: {replica_set.uri}")
        while replica_set.alive():
            time.sleep(0.1)
        say("A mongod ended by itself.")
    return 1


def _exit(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
