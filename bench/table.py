"""The one table people read, and the file machines read."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.contenders import EXPRESS, Place
from bench.scenes import Result
from bench.targets import Summary, Verdict, judge, summarise

UNITS = {
    "spread": "bookings/s", "crowd": "bookings/s", "strangers": "bookings/s", "hot": "bookings/s",
    "sold out": "refusals/s", "looking": "answers/s", "on sale": "seconds", "export": "rows/s",
    "export memory": "MiB added", "listing": "ms, worst p95", "letters": "letters/s",
}  # fmt: skip
LIBRARIES = ("flask", "gunicorn", "gevent", "pymongo", "marshmallow", "flask-limiter", "flask-smorest")
PEER_LIBRARIES = ("express", "mongoose", "zod", "pino")


def show(results: Sequence[Result]) -> str:
    """Return the table: figures first, then what had to be reached, then the rounds that score nothing."""
    head = f"{'scene':<14}{'who':<18}{'median':>10}{'min':>10}{'max':>10}{'p50 ms':>9}{'p99 ms':>9}  unit"
    lines = [head, "-" * len(head), *(_row(summary) for summary in summarise(results))]
    lines += ["", *(_told(verdict) for verdict in judge(results))]
    lines += [f"scores nothing: {r.scene}, {r.contender}: {r.problem}" for r in results if r.problem]
    return "\n".join(lines)


def write(folder: Path, results: Sequence[Result], facts: Mapping[str, Any]) -> Path:
    """Write everything that was measured to a new file in `folder` and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        **facts,
        "summaries": [asdict(summary) | {"unit": UNITS[summary.scene]} for summary in summarise(results)],
        "targets": [verdict.as_json() for verdict in judge(results)],
        "rounds": [asdict(result) for result in results],
    }
    path = folder / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.json"
    path.write_text(json.dumps(told, indent=1) + "\n")
    return path


def machine(place: Place) -> dict[str, Any]:
    """Return what the figures depend on: the machine, its load just now, the versions of everything."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "system": platform.platform()},
        "loadAverage": os.getloadavg(),
        "versions": {
            "python": platform.python_version(),
            "mongod": place.client.server_info()["version"],
            "node": _said("node", "--version"),
            "wrk": _said("wrk", "-v").split(" [")[0],
            **{name: version(name) for name in LIBRARIES},
            **{name: _peer_version(name) for name in PEER_LIBRARIES},
        },
    }


def _row(summary: Summary) -> str:
    figures = [summary.figure, summary.least, summary.most]
    shown = "".join(f"{_number(value):>10}" for value in figures)
    times = "".join(f"{_number(value):>9}" for value in (summary.p50, summary.p99))
    failed = f"  ({summary.failed} of {summary.rounds} rounds score nothing)" if summary.failed else ""
    return f"{summary.scene:<14}{summary.contender:<18}{shown}{times}  {UNITS[summary.scene]}{failed}"


def _told(verdict: Verdict) -> str:
    target = verdict.target
    word = {True: "reached    ", False: "NOT REACHED", None: "no figure  "}[verdict.reached]
    what = UNITS[target.scene] if target.measure == "figure" else target.measure
    bound = f"{'at most' if target.at_most else 'at least'} {target.factor:g}"
    against = f" x {target.against}" if target.against else ""
    ratio = "-" if verdict.ratio is None else f"{verdict.ratio:.2f}"
    return f"{word}  {target.scene}: {what} {bound}{against}: {ratio}"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", about.read_text()) if about.exists() else None
    return found[1] if found else platform.processor()


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=10)
    except OSError:
        return "-"
    return (done.stdout or done.stderr).strip().splitlines()[0]


def _peer_version(name: str) -> str:
    about = EXPRESS / "node_modules" / name / "package.json"
    return str(json.loads(about.read_text())["version"]) if about.exists() else "-"
