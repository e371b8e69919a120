"""The world of one seed: one random generator, one clock, a trace, and the faults at each await."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
# A step within an await, and one within that.
MAX_DEPTH = 3


class Crash(BaseException):
    """The death of a process: what it had in memory is lost."""


@dataclass
class World:
    """What outlives every process. `between` runs a step of another process during an await."""

    seed: int
    now: datetime = START
    trace: list[str] = field(default_factory=list)
    has_faults: bool = True
    depth: int = 0
    between: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.ids = random.Random(self.seed + 1)
        self.seconds = 1000.0

    def note(self, text: str) -> None:
        """Add a line to the trace."""
        self.trace.append(f"{(self.now - START).total_seconds():10.3f} {'  ' * self.depth}{text}")

    def advance(self, seconds: float) -> None:
        self.now += timedelta(milliseconds=int(seconds * 1000))
        self.seconds += seconds

    def monotonic(self) -> float:
        """Return the seconds of the simulated monotonic clock; each look takes a tenth of a millisecond."""
        self.seconds += 0.0001
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass; others go on meanwhile."""
        self.advance(seconds)
        self.wait("sleep")

    def happens(self, chance: float) -> bool:
        """Return whether a fault happens here."""
        return self.has_faults and self.rng.random() < chance

    def wait(self, name: str, crash: float = 0.03, delay: float = 0.15) -> None:
        """An await: the process may die here, and steps of other processes may come first."""
        if self.happens(crash):
            self.note(f"crash at {name}")
            raise Crash(name)
        if self.depth < MAX_DEPTH and self.happens(delay):
            self.note(f"delay at {name}")
            self.between()
