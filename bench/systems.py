"""Systems under test: start-up, readiness and shutdown of the servers that the scenarios load."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import requests

from bench.fixtures import SystemDatabase, slot_documents
from core.config.settings import ROOT
from core.mongo.client import Client
from devdb.supervisor import SupervisedProcess
from schedules.model import PlannedSlot

UNLIMITED_CAPACITY = 1_000_000_000
START_TIMEOUT_SECONDS = 30.0
LOG_LINES_SHOWN = 10
POLL_SECONDS = 0.02


class StartupFailed(RuntimeError):
    """A system did not become ready."""


class SystemKind(Enum):
    """What a system is, which decides the form of its documents and the checks of its rounds."""

    SERVICE = "the service of this working tree"
    COMMIT = "the service of another commit"
    NO_DATABASE = "the service without its database"
    PEER = "a comparable service in another framework"


@dataclass(frozen=True)
class Workspace:
    """The database server of a run, a folder for logs and slot lists, and the URL of the payment gateway, if any."""

    uri: str
    client: Client
    folder: Path
    payment_api: str = ""

    @property
    def mongod_pid(self) -> int:
        """The process id of mongod."""
        return int(self.client.admin.command("serverStatus")["pid"])


@dataclass(frozen=True)
class SystemSpec:
    """How a system is started. `key` is unique in a run; `name` is shown in the report.

    The environment names PORT and MONGODB_DATABASE. `folder` has the modules of the service, and
    `python` its libraries.
    """

    key: str
    name: str
    kind: SystemKind
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path = ROOT
    python: str = sys.executable


@dataclass(frozen=True)
class System:
    """A running system and its database. `ready_seconds` passed from its start to its first response."""

    spec: SystemSpec
    database: SystemDatabase
    process: SupervisedProcess
    log: Path
    ready_seconds: float = 0.0

    @property
    def name(self) -> str:
        """The name in the report."""
        return self.spec.name

    @property
    def port(self) -> int:
        """The TCP port of the system."""
        return int(self.spec.environment["PORT"])

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Stop the system and all its workers."""
        self.process.stop()

    def reset(self, slots: Sequence[PlannedSlot], capacity: int = UNLIMITED_CAPACITY) -> None:
        """Replace everything in the database with these slots."""
        documents = slot_documents(slots, capacity, with_schedule=self.spec.kind is not SystemKind.PEER)
        self.database.reset(documents)


def start_system(workspace: Workspace, spec: SystemSpec) -> System:
    """Start a system and return it once it answers. Raises StartupFailed."""
    log = workspace.folder / f"{spec.key}.log"
    started_at = time.monotonic()
    with log.open("wb") as output:
        process = SupervisedProcess(spec.command, output=output, environment=spec.environment)
    database = SystemDatabase(workspace.client[spec.environment["MONGODB_DATABASE"]])
    system = System(spec, database, process, log)
    try:
        _wait_until_ready(system)
        system = replace(system, ready_seconds=time.monotonic() - started_at)
    except BaseException:
        system.stop()
        raise
    database.record_collections()
    return system


def _wait_until_ready(system: System) -> None:
    path = "/api/slots?date=2026-03-01" if system.spec.kind is SystemKind.PEER else "/api/ready"
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline and system.process.poll() is None:
        if _answers(f"{system.url}{path}"):
            return
        time.sleep(POLL_SECONDS)
    last_lines = "\n".join(system.log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:])
    raise StartupFailed(f"{system.name} did not become ready. The end of its log:\n{last_lines}")


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False
