"""The `run` command: starts a database, then the service beside it, and stops both together."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType

from core.config.settings import Settings, from_env, load_environment
from devdb import preflight
from devdb.keys import missing_keys
from devdb.replica_set import ReplicaSet, start_replica_set
from devdb.supervisor import SupervisedProcess

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NEW_DATA_MEGABYTES = 400  # journal, oplog and collections of a new database
OLD_DATA_MEGABYTES = 100
POLL_INTERVAL = 0.1
OWN_DATABASE = "mongodb://127.0.0.1"  # replaced by the address of the started database
PAGES = (("/", "booking"), ("/admin", "back office"), ("/api/docs", "API"))


def run(command: Sequence[str], data: Path, *, demo: bool = False) -> int:
    """Run the service with a database and keys; return its exit code, or 0 if a signal ended it.

    `demo` loads the demo into the database if it is new; a named one never gets it.
    """
    stops = _StopSignals()
    values = load_environment()
    needs_database = not values.get("MONGODB_URI", "").strip()
    _check_folder(data, needs_database=needs_database)
    keys = missing_keys(values, data.parent)
    values |= keys
    if needs_database:
        values["MONGODB_URI"] = OWN_DATABASE
    settings = from_env(values)
    preflight.require_free_port(settings.host, settings.port)
    if not values.get("LOG_FORMAT", "").strip() and sys.stdout.isatty():
        values["LOG_FORMAT"] = "console"
    with ExitStack() as stack:
        database = None
        if needs_database:
            is_new = not _has_data(data)
            database = stack.enter_context(start_replica_set(data=data))
            values["MONGODB_URI"] = database.uri
            if demo and is_new:
                _load_demo(values)
        say("Database: " + re.sub("//[^/]*@", "//***@", values["MONGODB_URI"]))
        if "ADMIN_KEY" in keys:
            say(f"Admin key (header X-Admin-Key): {keys['ADMIN_KEY']}")
        service = SupervisedProcess(command, environment=values)
        stops.service = service
        stack.callback(service.stop)
        return _supervise(service, database, _ReadyLine(settings), stops)


def say(line: str) -> None:
    """Print a line for the person at the terminal."""
    with suppress(OSError):  # The terminal may have been closed.
        print(line, flush=True)


class _StopSignals:
    """Forwards stop signals to the service as SIGTERM: the first of any kind, then every Ctrl-C."""

    def __init__(self) -> None:
        self.service: SupervisedProcess | None = None
        self.received = False
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self.service is None:
            raise SystemExit(128 + number)
        if number == signal.SIGINT or not self.received:
            self.received = True
            self.service.signal(signal.SIGTERM)


class _ReadyLine:
    """Prints the addresses of the pages once the service answers."""

    def __init__(self, settings: Settings) -> None:
        host = settings.host.strip("[]")
        self._host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        self._port = settings.port
        self._printed = False

    def print_when_ready(self) -> None:
        """Print the line if the service is ready and the line is not printed yet."""
        if not self._printed and self._is_ready():
            self._printed = True
            address = f"http://{self._url_host()}:{self._port}"
            say("Ready: " + ", ".join(f"{address}{path} ({name})" for path, name in PAGES))

    def _url_host(self) -> str:
        if ":" in self._host:
            return f"[{self._host}]"
        return self._host

    def _is_ready(self) -> bool:
        connection = HTTPConnection(self._host, self._port, timeout=1)
        try:
            connection.request("GET", "/api/ready")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def _check_folder(data: Path, *, needs_database: bool) -> None:
    preflight.require_temporary_folder()
    preflight.require_writable(data.parent)
    if needs_database:
        preflight.require_writable(data)
        preflight.require_space(data, OLD_DATA_MEGABYTES if _has_data(data) else NEW_DATA_MEGABYTES)


def _has_data(data: Path) -> bool:
    return (data / "node0/journal").exists()


def _load_demo(values: Mapping[str, str]) -> None:
    """Load the demo into the started database; without it the service runs all the same."""
    command = [sys.executable, "-m", "flask", "demo", "--if-empty"]
    if subprocess.run(command, env={**os.environ, **values}, check=False).returncode:
        say("The demo was not loaded.")


def _supervise(
    service: SupervisedProcess, database: ReplicaSet | None, ready_line: _ReadyLine, stops: _StopSignals
) -> int:
    while (code := service.poll()) is None:
        if database is not None and not database.alive():
            say(f"The database ended by itself, so the service is stopped; see {database.nodes[0].log}.")
            return 1
        ready_line.print_when_ready()
        time.sleep(POLL_INTERVAL)
    if stops.received and code == 128 + signal.SIGTERM:
        return 0
    return code
