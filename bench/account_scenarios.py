"""Scenarios of accounts: sign-ins, registrations, refreshes, and reads of the signed-in account."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from bench import load_generators
from bench.load_generators import AccountRequests, LoadFailed
from bench.results import ME, REFRESH, REGISTER, SIGN_IN, RoundResult
from bench.scenarios import ScenarioRunner, next_run, round_result, status_problem
from bench.system_specs import EVENT_UNLIMITED, planned_slots
from bench.systems import System

PASSWORD = "correct horse 7"
PEOPLE = 96
# The bounded queue of password hashes refuses more.
HASHING_CONNECTIONS = 16
REFRESH_CONNECTIONS = 32
READING_CONNECTIONS = 64
REGISTERING_THREADS = 8


def sign_in(runner: ScenarioRunner, system: System) -> RoundResult:
    """Sign in by password; the value is bounded by the hashes that the cores can make."""
    return _run(runner, system, SIGN_IN, HASHING_CONNECTIONS, 200)


def register(runner: ScenarioRunner, system: System) -> RoundResult:
    """Create accounts, each with a hash, an e-mail and a session."""
    return _run(runner, system, REGISTER, HASHING_CONNECTIONS, 201)


def refresh(runner: ScenarioRunner, system: System) -> RoundResult:
    """Rotate refresh tokens, each once."""
    return _run(runner, system, REFRESH, REFRESH_CONNECTIONS, 200)


def read_account(runner: ScenarioRunner, system: System) -> RoundResult:
    """Read the signed-in account."""
    return _run(runner, system, ME, READING_CONNECTIONS, 200)


def _run(runner: ScenarioRunner, system: System, scenario: str, connections: int, status: int) -> RoundResult:
    system.reset(planned_slots(EVENT_UNLIMITED)[:1])
    run = next_run()
    file = runner.workspace.folder / f"{run}.people"
    _write_people(file, system, run)
    wanted = AccountRequests(scenario, file, run, connections)
    measured = runner.measure(system, lambda: load_generators.use_accounts(system.url, wanted, runner.seconds))
    return round_result(scenario, system, measured, status_problem(measured.loaded, status))


def _write_people(file: Path, system: System, run: str) -> None:
    with ThreadPoolExecutor(REGISTERING_THREADS) as threads:
        lines: Sequence[str] = list(threads.map(lambda number: _register(system, f"{run}.{number}"), range(PEOPLE)))
    file.write_text("\n".join(lines) + "\n")


def _register(system: System, name: str) -> str:
    """Register a person; return e-mail address, access token and refresh token."""
    body = {"name": "Ada Lovelace", "email": f"{name}@example.org", "password": PASSWORD}
    response = requests.post(f"{system.url}/api/auth/register", json=body, timeout=60)
    if response.status_code != 201:
        raise LoadFailed(f"{system.name} refused a registration: {response.text[:300]}")
    return f"{body['email']} {response.json()['accessToken']} {response.cookies['refreshToken']}"
