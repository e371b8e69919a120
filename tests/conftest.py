"""Fixtures: a real mongod for the session, a database and an application for each test, a served service on demand."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from hypothesis import settings as hypothesis
from pymongo import MongoClient

import wiring
from app import create_app
from core.config.settings import Settings
from core.mongo.client import Client, Db, connect
from core.web.context import runtime_of
from devdb.replica_set import ReplicaSet, start_replica_set
from tests import cached_schedule, cheap_passwords, compiled_rules, compiled_templates, factories
from tests.api_client import Api, over_app, over_http
from tests.databases import Databases
from tests.forked_processes import fork_server, run_flask

ROOT = Path(__file__).parent.parent
# How long an example takes says more of the machine than of the code.
hypothesis.register_profile("any machine", deadline=None)
hypothesis.load_profile("any machine")
compiled_rules.install()
compiled_templates.install()
cached_schedule.install()
cheap_passwords.install()
# A test's application is ten thousand objects: with Python's default of 700, collecting them is a quarter of its cost.
gc.set_threshold(20_000, 20, 20)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run choose how many request heads are compared with gunicorn's parser, and calls made of a route."""
    parser.addoption("--mutated-heads", type=int, default=3000)
    parser.addoption("--api-examples", type=int, default=8)


def pytest_collection_finish() -> None:
    """Leave what is loaded for the whole run out of later garbage collections."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def replica_set() -> Iterator[ReplicaSet]:
    """One real node for the whole session, with fail points."""
    with start_replica_set(test_commands=True) as running:
        yield running


@pytest.fixture(scope="session")
def mongo(replica_set: ReplicaSet) -> Iterator[Client]:
    """A client of the session's node, connected as the service connects."""
    client = connect(replica_set.uri)
    yield client
    client.close()


@pytest.fixture(scope="session")
def sweeper() -> Iterator[Executor]:
    """Does what no test waits for."""
    with ThreadPoolExecutor(1) as running:
        yield running


@pytest.fixture(scope="session")
def databases(mongo: Client, sweeper: Executor) -> Databases:
    """The databases that tests have one after the other."""
    return Databases(mongo, lambda name: sweeper.submit(mongo.drop_database, name))


@pytest.fixture
def make_database(databases: Databases) -> Iterator[Callable[[], str]]:
    """Return the name of a prepared, empty database that no other test uses at the time."""
    taken: list[str] = []

    def make() -> str:
        taken.append(databases.take())
        return taken[-1]

    yield make
    for name in taken:
        databases.give_back(name)


@pytest.fixture(scope="module")
def module_database(databases: Databases) -> Iterator[str]:
    """The name of a prepared, empty database for all tests of a module."""
    name = databases.take()
    yield name
    databases.give_back(name)


@pytest.fixture
def make_settings(replica_set: ReplicaSet, mongo: Client, sweeper: Executor) -> Iterator[Callable[..., Settings]]:
    """Make settings; a database that they do not name is one of their own, which is dropped afterwards."""
    made: list[tuple[Settings, bool]] = []

    def make(**changes: str) -> Settings:
        settings = factories.settings(replica_set.uri, **changes)
        made.append((settings, "MONGODB_DATABASE" in changes))
        return settings

    yield make
    for settings, named in made:
        if settings.rate_limit_storage != "memory://":
            mongo.drop_database(f"{settings.mongodb_database}_limits")
        if not named:
            sweeper.submit(mongo.drop_database, settings.mongodb_database)


@pytest.fixture
def make_app(
    make_settings: Callable[..., Settings], make_database: Callable[[], str], mongo: Client
) -> Callable[..., Flask]:
    """Make an application over `make_database`; replacements in lower case, settings in upper case."""

    def make(**changes: Any) -> Flask:
        named = {name: value for name, value in changes.items() if name.isupper()}
        replacements = {name: value for name, value in changes.items() if not name.isupper()}
        if "MONGODB_DATABASE" not in named:
            named["MONGODB_DATABASE"] = make_database()
        return create_app(make_settings(**named), **{"client": mongo, **replacements})

    return make


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """The application as most tests want it."""
    return make_app()


@pytest.fixture
def services(app: Flask) -> wiring.Services:
    """The object graph behind `app`."""
    return runtime_of(app).get(wiring.Services)


@pytest.fixture
def db(services: wiring.Services) -> Db:
    """The database behind `app`."""
    return services.db


@pytest.fixture
def api(app: Flask) -> Api:
    """The verbs over `app`."""
    return Api(over_app(app))


@dataclass(frozen=True)
class Served:
    """A service that runs as users get it: gunicorn with its workers."""

    url: str
    process: subprocess.Popen[bytes]
    environment: dict[str, str]
    log: Path

    @property
    def api(self) -> Api:
        return Api(over_http(self.url))

    @property
    def db(self) -> Db:
        client: MongoClient[dict[str, Any]] = connect(self.environment["MONGODB_URI"])
        return client[self.environment["MONGODB_DATABASE"]]

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], check=False, capture_output=True, text=True)
        return [int(pid) for pid in found.stdout.split()]

    def flask(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one of the operator's commands against the same database."""
        return run_flask(self.environment, *command)

    def verify(self) -> str:
        """Return what `flask verify` says, or fail with it."""
        done = self.flask("verify")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def serving(mongodb_uri: str, folder: Path, **changes: str) -> Iterator[Served]:
    """Serve the application with gunicorn on a free port until the block ends."""
    port = free_port()
    settings = factories.environment(mongodb_uri, **{"PORT": str(port), "WEB_CONCURRENCY": "2", **changes})
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **settings}
    with launched(f"http://127.0.0.1:{port}", environment, folder / f"service-{port}.log") as served:
        wait_until_ready(served)
        yield served


@contextmanager
def launched(url: str, environment: dict[str, str], log: Path) -> Iterator[Served]:
    """Start gunicorn without waiting for it, and end it with the block."""
    process = fork_server("patched").spawn(
        "gunicorn", "-c", "gunicorn.conf.py", environment=environment, stdout=log, stderr=log
    )
    try:
        yield Served(url, process, environment, log)
    finally:
        stop(process)


def wait_until_ready(served: Served, seconds: float = 120.0) -> None:
    """Return when the service answers, or fail with its log."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and served.process.poll() is None:
        try:
            if requests.get(f"{served.url}/api/ready", timeout=2).status_code == 200:
                return
        except requests.RequestException:
            time.sleep(0.1)
    pytest.fail(f"the service did not come up:\n{served.log.read_text()}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process as an operator would, and harder when it does not listen."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture
def served(replica_set: ReplicaSet, mongo: Client, tmp_path: Path) -> Iterator[Served]:
    """The service as users get it, with two workers, over the session's node."""
    with serving(replica_set.uri, tmp_path) as running:
        yield running
        mongo.drop_database(running.environment["MONGODB_DATABASE"])
