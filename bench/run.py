"""`make bench`: benchmarks the service beside its peers, or beside another commit, and prints one table.

python -m bench.run [--quick] [--only many-slots,hot-slot] [--against REF] [--no-peers] [--rounds N] [--seconds S]
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import FrameType

from bench.commit_python import python_for
from bench.git_worktree import CheckoutFailed, checked_out
from bench.interleaving import InterleavedRun
from bench.load_generators import LoadFailed, require_wrk
from bench.long_scenarios import run_long_scenarios
from bench.machine import describe_machine
from bench.options import Options, parse_options
from bench.payment_gateway import gateway_process
from bench.report import Report, progress_line
from bench.results import ORDER_SCENARIOS, SHORT_SCENARIOS
from bench.scenarios import ScenarioRunner
from bench.system_specs import commit_name
from bench.systems import StartupFailed, Workspace
from core.config.settings import ROOT
from core.mongo.client import connect
from devdb.errors import MongodMissing, NotReady
from devdb.replica_set import start_replica_set

RESULTS = ROOT / "bench/results"


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark. The exit code is 1 if a round fails its checks or the benchmark cannot run."""
    options = parse_options(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    os.chdir(ROOT)
    report = Report(facts={"options": options.to_json()})
    try:
        require_wrk()
        _run_interleaved(options, report)
        run_long_scenarios(options.scenarios, report)
    except (LoadFailed, StartupFailed, CheckoutFailed, MongodMissing, NotReady) as reason:
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbench: interrupted; all started programs have been stopped.", file=sys.stderr)
        return 130
    finally:
        if report.results:
            print(f"\n{report.text()}")
            print(f"\n{report.write(RESULTS).relative_to(ROOT)}")
    return int(report.has_problems)


def _run_interleaved(options: Options, report: Report) -> None:
    if not options.scenarios.intersection(SHORT_SCENARIOS):
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        checkout = None
        if options.against:
            checkout = stack.enter_context(checked_out(ROOT, options.against, folder / "commit"))
            checkout = replace(checkout, python=python_for(checkout.folder))
            report.against = commit_name(checkout)
            report.facts["against"] = checkout.commit
        mongod = stack.enter_context(start_replica_set(nodes=1))
        client = connect(mongod.uri, "bench", no_socket_timeout=True)
        stack.callback(client.close)
        payment_api = ""
        if options.scenarios.intersection(ORDER_SCENARIOS):
            payment_api = stack.enter_context(gateway_process())
        workspace = Workspace(mongod.uri, client, folder, payment_api)
        report.facts |= describe_machine(workspace)
        run = InterleavedRun(options, ScenarioRunner(workspace, options.seconds, options.sizes), stack, checkout)
        for result in run.results():
            report.results.append(result)
            print(progress_line(result), flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
