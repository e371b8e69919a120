"""One mongod of a replica set: start, stop, pause, kill, and administrative commands."""

import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from devdb import system_packages
from devdb.errors import MongodMissing, NotReady
from devdb.mongod import missing_library
from devdb.supervisor import SupervisedProcess
from devdb.waiting import wait_until

SHUTDOWN_TIMEOUT = 15.0  # seconds that a mongod has to end cleanly
PORT_TAKEN = 48  # exit code of mongod
FOLDER_TAKEN = 100  # exit code of mongod
LOG_LIMIT = 16_000_000  # bytes; the next start truncates a longer log


class Node:
    """One mongod of a replica set."""

    def __init__(self, command: list[str], folder: Path, *, temporary: bool) -> None:
        self.folder = folder
        self.log = folder / "mongod.log"
        self.port = 0
        self.paused = False
        self._command = command
        self._discard = folder if temporary else None
        self._process: SupervisedProcess | None = None

    @property
    def address(self) -> str:
        """The host and port of the node."""
        return f"127.0.0.1:{self.port}"

    def alive(self) -> bool:
        """Return whether the node's mongod runs; a paused one does."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End the node as a power cut would."""
        self.signal(signal.SIGKILL)
        self.end()

    def pause(self) -> None:
        """Stop the node from answering; its connections stay open."""
        self.paused = True
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Continue a paused node."""
        self.signal(signal.SIGCONT)
        self.paused = False

    def restart(self) -> None:
        """Start the node again at its port and wait until it is in the set, though its data may lag behind."""
        self.resume()
        self.signal(signal.SIGTERM)
        self.end()
        self.launch()
        self.wait_answering()
        self.wait_in_set()

    def launch(self) -> None:
        """Start mongod without waiting for it, at the node's last port if that is free."""
        self.folder.mkdir(parents=True, exist_ok=True)
        port_file = self.folder / "port"
        self.port = _free_port(_last_port(port_file))
        port_file.write_text(str(self.port))
        is_large = self.log.exists() and self.log.stat().st_size > LOG_LIMIT
        with self.log.open("wb" if is_large else "ab") as log:
            command = [*self._command, "--dbpath", str(self.folder), "--port", str(self.port)]
            self._process = SupervisedProcess(command, output=log, discard=self._discard)

    def wait_answering(self) -> None:
        """Return once this mongod answers; raise an error with the reason in its log otherwise."""
        try:
            wait_until("mongod to answer", self._answers)
        except NotReady as reason:
            lines = self.log.read_text(errors="replace").splitlines()[-10:]
            if library := missing_library("\n".join(lines[-1:])):
                missing = system_packages.missing_library("mongod", library)
                raise MongodMissing(system_packages.sentence([missing])) from None
            end = "\n".join(lines)
            raise NotReady(f"{reason} The end of its log, {self.log}:\n{end}") from None

    def wait_in_set(self) -> None:
        """Return once the node is a primary or a secondary."""
        roles = ("isWritablePrimary", "secondary")
        wait_until(f"{self.address} to be in the set", lambda: True in map(self.command({"hello": 1}).get, roles))

    def signal(self, number: int) -> None:
        """Send a signal to mongod, if it runs."""
        if self._process is not None:
            self._process.signal(number)

    def end(self) -> None:
        """Wait until mongod has ended, and kill it when it takes too long."""
        if self._process is not None:
            self._process.end(SHUTDOWN_TIMEOUT)

    def command(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Run one administrative command on this node and return its answer."""
        # Without a limit, closing the client of a dead node takes up to 30 s.
        limits: dict[str, Any] = {"serverSelectionTimeoutMS": 1000, "socketTimeoutMS": 10_000}
        with MongoClient[dict[str, Any]](self.address, directConnection=True, **limits) as client:
            return client.admin.command(dict(command))

    def _exit_code(self) -> int | None:
        if self._process is None:
            return None
        return self._process.poll()

    def _answers(self) -> bool:
        code = self._exit_code()
        if code in (PORT_TAKEN, FOLDER_TAKEN):  # Another program was faster, or the last run is still ending.
            self.end()
            self.launch()
        elif code is not None:
            raise NotReady(f"mongod ended with code {code}.")
        # A driver that finds no server looks again after half a second only.
        socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        # The program that took the port may be another mongod, which must not be configured.
        return bool(self.command({"getCmdLineOpts": 1})["parsed"]["storage"]["dbPath"] == str(self.folder))


def _last_port(file: Path) -> int:
    """Return the port of the last run, or 0."""
    if not file.exists():
        return 0
    return int(file.read_text() or 0)


def _free_port(preferred: int) -> int:
    with socket.socket() as probe:
        # mongod sets this option too; without it a port stays taken for a minute after its last connection.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
