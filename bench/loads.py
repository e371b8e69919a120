"""The loads, each in a process of its own: wrk for a steady rush, `bench.rush` for the moment of sale."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.config.settings import ROOT

SCRIPTS = ROOT / "bench/wrk"
CONNECTIONS = 64
ANSWER_SECONDS = 60  # how long wrk waits for an answer


class CannotLoad(RuntimeError):
    """A load did not run to its end."""


@dataclass(frozen=True)
class Figures:
    """What a load saw; latencies in milliseconds, None where nobody was answered."""

    per_second: float
    seconds: float
    p50: float | None
    p99: float | None
    statuses: Mapping[int, int]
    unanswered: int
    broken: int

    @property
    def booked(self) -> int:
        """Return how many were told that they have a place."""
        return self.statuses.get(201, 0)

    def only(self, status: int) -> bool:
        """Return whether every answer was `status`."""
        return set(self.statuses) == {status} and not self.broken


def require_wrk() -> None:
    """Raise CannotLoad when wrk is missing."""
    if not shutil.which("wrk"):
        raise CannotLoad("wrk is not installed: `apt-get install wrk` brings it; `make bench` does so by itself.")


def book(url: str, slots: Path, run: str, seconds: float, order: str = "round") -> Figures:
    """Let 64 connections book for so long, a guest and a slot each; `order` is one of the script's."""
    return _wrk("book.lua", url, [str(slots), run, order], seconds)


def look(url: str, dates: Sequence[str], seconds: float) -> Figures:
    """Let 64 connections list the slots of `dates` in turn."""
    return _wrk("look.lua", url, dates, seconds)


def rush(url: str, slots: Path, people: int, run: str) -> Figures:
    """Let so many people want a place at once, an attempt each."""
    told = _last_line([sys.executable, "-m", "bench.rush", url, str(slots), str(people), run], 300)
    statuses = {int(status): count for status, count in told["statuses"].items()}
    unanswered = statuses.pop(0, 0)
    answered = sum(statuses.values())
    return Figures(answered / told["seconds"], told["seconds"], None, None, statuses, unanswered, 0)


def drive(uri: str, database: str, slots: Sequence[str], seconds: float) -> dict[str, Any]:
    """Let the bare driver book in `slots` for so long."""
    command = [sys.executable, "-m", "bench.driver", uri, database, str(seconds)]
    return _last_line(command, seconds + 60, "\n".join(slots))


def _wrk(script: str, url: str, arguments: Sequence[str], seconds: float) -> Figures:
    command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "--timeout", f"{ANSWER_SECONDS}s"]
    told = _last_line([*command, "-s", str(SCRIPTS / script), url, "--", *arguments], seconds + ANSWER_SECONDS + 30)
    latency = told["latency"]
    return Figures(
        per_second=told["perSecond"],
        seconds=told["seconds"],
        p50=latency["p50"],
        p99=latency["p99"],
        statuses={int(status): taken["count"] for status, taken in told["statuses"].items()},
        unanswered=told["unanswered"],
        broken=sum(told["errors"].values()),
    )


def _last_line(command: Sequence[str], seconds: float, given: str = "") -> dict[str, Any]:
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=seconds, input=given
        )
        told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.CalledProcessError as error:
        raise CannotLoad(f"{command[0]} ended with {error.returncode}: {error.stderr[-500:]}") from error
    except (subprocess.TimeoutExpired, ValueError, IndexError) as error:
        raise CannotLoad(f"{' '.join(command[:3])}: {error}") from error
    return told
