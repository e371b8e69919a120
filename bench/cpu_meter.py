"""CPU metering: CPU milliseconds per request of a service and of mongod during a load."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from bench.processes import ThreadTimes, cpu_milliseconds, thread_times
from bench.results import RoundResult


@dataclass(frozen=True)
class CpuPerRequest:
    """CPU milliseconds per answered request; None where it could not be measured."""

    service: float | None = None
    mongod: float | None = None

    def add_to(self, result: RoundResult) -> RoundResult:
        """Return a round's result with these times."""
        return replace(result, service_cpu_ms=self.service, mongod_cpu_ms=self.mongod)


@dataclass(frozen=True)
class CpuMeter:
    """The CPU times of service and mongod at the start of a load.

    The processes are those that exist at the start. Workers started during the load are not counted.
    """

    service_before: ThreadTimes
    mongod_before: ThreadTimes

    @classmethod
    def start(cls, service: Iterable[int], mongod: Iterable[int]) -> Self:
        """Sample the processes of the service and of mongod, given by their ids."""
        return cls(thread_times(service), thread_times(mongod))

    def per_request(self, requests: int) -> CpuPerRequest:
        """Sample the same processes again and divide the difference by `requests`."""
        return CpuPerRequest(_average(self.service_before, requests), _average(self.mongod_before, requests))


def _average(before: ThreadTimes, requests: int) -> float | None:
    if not before or not requests:
        return None
    after = thread_times({pid for pid, _ in before})
    return cpu_milliseconds(before, after) / requests
