"""Interleaved rounds: all systems of a scenario in rotation, so that drift of the machine's speed affects all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from bench.fake_provider import provider_process
from bench.git_worktree import Checkout
from bench.load_generators import LoadFailed
from bench.options import Options
from bench.results import (
    ACCOUNT_SCENARIOS,
    EVENT_SLOTS_STORED,
    FLASH_SALE,
    HOT_SLOT,
    INTERLEAVED_SCENARIOS,
    MANY_SLOTS,
    ON_SALE_EVENT,
    SERVICE_SCENARIOS,
    START,
    SUSTAINED,
    RoundResult,
)
from bench.scenario_registry import SCENARIOS
from bench.scenarios import ScenarioRunner
from bench.startup import startup_results
from bench.system_specs import (
    EVENT,
    EVENT_UNLIMITED,
    THOUSAND_SLOTS,
    Deployment,
    commit_spec,
    express_spec,
    flask_spec,
    no_database_spec,
    planned_slots,
    service_spec,
)
from bench.systems import System, SystemSpec, start_system

SALE_WORKERS = 2
# These have a service of their own: with stored bookings, with a mail provider, or started a second time.
DEPLOYED_APART = frozenset({EVENT_SLOTS_STORED, SUSTAINED, START})

T = TypeVar("T")
Round = Callable[[], RoundResult]


def interleaved(groups: Sequence[Sequence[T]], number: int) -> list[T]:
    """Return the members of all groups in the order of round `number`.

    Each round begins with another group. Members of a group stay next to each other, and every second round reverses
    them, so that none is always the first.
    """
    first = number % len(groups)
    ordered: list[T] = []
    for group in [*groups[first:], *groups[:first]]:
        ordered += reversed(group) if number % 2 else group
    return ordered


@dataclass
class InterleavedRun:
    """The systems of a run. Each is started once, on first use, and idles while another one is loaded."""

    options: Options
    runner: ScenarioRunner
    stack: ExitStack
    checkout: Checkout | None = None
    _started: dict[str, System] = field(default_factory=dict)

    def results(self) -> Iterator[RoundResult]:
        """Yield the result of every round of every scenario."""
        scenarios = [scenario for scenario in INTERLEAVED_SCENARIOS if scenario in self.options.scenarios]
        rounds = {scenario: self._rounds(scenario) for scenario in scenarios}
        for number in range(self.options.rounds):
            for scenario, groups in rounds.items():
                if number and scenario == SUSTAINED:
                    continue  # A minute is enough.
                for run_round in interleaved(groups, number):
                    yield run_round()
        if START in self.options.scenarios:
            yield from self._startup_results()

    def _rounds(self, scenario: str) -> list[list[Round]]:
        """Return one round of the scenario for each of its systems; the service and the commit are one group."""
        compared: list[Round] = [partial(self._run_round, scenario, self._service(scenario))]
        if self.checkout:
            compared.append(partial(self._run_round, scenario, self._commit(scenario, self.checkout)))
        groups = [compared]
        if self.options.with_peers:
            groups += [[partial(self._run_round, scenario, system)] for system in self._peers(scenario)]
        if self.options.with_peers and scenario in (MANY_SLOTS, HOT_SLOT):
            groups.append([partial(self.runner.pymongo_inserts, scenario)])
        return groups

    def _startup_results(self) -> Iterator[RoundResult]:
        workspace = self.runner.workspace
        specs = [service_spec(workspace, self._deployment("service", START))]
        if self.checkout:
            specs.append(commit_spec(workspace, self._deployment("commit", START), self.checkout))
        for spec in specs:
            try:
                yield from startup_results(self.runner, spec)
            except LoadFailed as error:
                yield RoundResult(START, spec.name, 0.0, problem=str(error))

    def _run_round(self, scenario: str, system: System) -> RoundResult:
        try:
            return SCENARIOS[scenario](self.runner, system)
        except LoadFailed as error:
            return RoundResult(scenario, system.name, 0.0, problem=str(error))

    def _peers(self, scenario: str) -> list[System]:
        if scenario in SERVICE_SCENARIOS:
            return []
        if scenario in ACCOUNT_SCENARIOS:
            return [self._flask()]
        systems = [self._express()]
        if scenario not in (FLASH_SALE, ON_SALE_EVENT):
            systems.append(self._flask())
        if scenario == MANY_SLOTS:
            systems.append(self._no_database())
        return systems

    def _service(self, scenario: str) -> System:
        deployment = self._deployment("service", scenario)
        return self._start_once(service_spec(self.runner.workspace, deployment), deployment.schedule)

    def _commit(self, scenario: str, checkout: Checkout) -> System:
        deployment = self._deployment("commit", scenario)
        return self._start_once(commit_spec(self.runner.workspace, deployment, checkout), deployment.schedule)

    def _no_database(self) -> System:
        deployment = self._deployment("no_database", MANY_SLOTS)
        return self._start_once(no_database_spec(self.runner.workspace, deployment), deployment.schedule)

    def _express(self) -> System:
        return self._start_once(express_spec(self.runner.workspace, self.options.express_workers), EVENT_UNLIMITED)

    def _flask(self) -> System:
        return self._start_once(flask_spec(self.runner.workspace), EVENT_UNLIMITED)

    def _deployment(self, key: str, scenario: str) -> Deployment:
        schedule = {MANY_SLOTS: THOUSAND_SLOTS, FLASH_SALE: EVENT}.get(scenario, EVENT_UNLIMITED)
        workers = SALE_WORKERS if scenario == FLASH_SALE else self.options.workers
        name = f"{key}_{schedule.stem}"
        if scenario in DEPLOYED_APART:
            name = f"{key}_{scenario}"
        mail_api = self.stack.enter_context(provider_process()) if scenario == SUSTAINED else ""
        return Deployment(name, schedule, workers, mail_api)

    def _start_once(self, spec: SystemSpec, schedule: Path) -> System:
        if spec.key not in self._started:
            system = start_system(self.runner.workspace, spec)
            self.stack.callback(system.stop)
            self.runner.warm_up(system, planned_slots(schedule))
            self._started[spec.key] = system
        return self._started[spec.key]
