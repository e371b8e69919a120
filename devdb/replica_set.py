"""Replica sets of one or three mongod nodes on this machine, for development and tests.

No database outlives the process that started it, however that process ends.
"""

import shutil
import signal
import sys
from pathlib import Path
from typing import IO, Any, Self

from pymongo.errors import OperationFailure

from core.config.settings import load_environment
from devdb.data_folder import lock_folder, temporary_folder
from devdb.errors import NotReady
from devdb.mongod import OPTIONS, find_mongod
from devdb.node import Node
from devdb.waiting import wait_until

NOT_INITIATED = 94  # error code of mongod
# A fail-over takes two seconds at most; with MongoDB's defaults one from a paused node takes thirteen.
ELECTIONS = {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 200, "heartbeatTimeoutSecs": 1}


def start_replica_set(nodes: int = 1, data: Path | None = None, *, test_commands: bool = False) -> "ReplicaSet":
    """Start a replica set and return it once every node has acknowledged a write.

    `data` is a folder whose content persists between runs; without it, data is temporary. `test_commands`
    enables fail points, and puts temporary data into memory if enough is free.
    """
    mongod = find_mongod(load_environment(), sys.path)
    folder = (data or temporary_folder(in_memory=test_commands)).resolve()
    command = [str(mongod), *OPTIONS]
    if test_commands:
        command += ["--setParameter", "enableTestCommands=1"]
    members = [Node(command, folder / f"node{number}", temporary=data is None) for number in range(nodes)]
    replica_set = ReplicaSet(members, folder, lock_folder(folder), temporary=data is None)
    try:
        replica_set.start()
    except BaseException:
        replica_set.stop()
        raise
    return replica_set


class ReplicaSet:
    """A replica set on this machine; the end of its `with` block stops it."""

    def __init__(self, nodes: list[Node], folder: Path, lock: IO[str], *, temporary: bool) -> None:
        self.nodes = nodes
        self._folder = folder
        self._lock = lock
        self._temporary = temporary

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
        present = len(list(self._folder.glob("node*")))
        if present > len(self.nodes):
            # The missing nodes may hold writes that the others lack.
            raise NotReady(f"{self._folder} holds a replica set of {present} nodes; start as many.")
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.wait_answering()
        wait_until("the replica set to be configured", self._configure)
        # A copied node acknowledges the copy before it follows the set. A primary that is paused while another
        # node chooses its sync source leaves no majority for half a minute.
        for node in self.nodes:
            node.wait_in_set()
        self.wait_writable(acknowledged_by=len(self.nodes))

    def alive(self) -> bool:
        """Return whether every node's mongod runs; a paused one does."""
        return all(node.alive() for node in self.nodes)

    def primary(self) -> Node:
        """Return the node that accepts writes; wait for an election that is under way."""
        return wait_until("a node to become the primary", self._find_primary)

    def wait_writable(self, acknowledged_by: int | str = "majority") -> None:
        """Return once a write was acknowledged: a note in the oplog, which changes no collection."""
        note = {"appendOplogNote": 1, "data": {"by": "devdb"}, "writeConcern": {"w": acknowledged_by, "wtimeout": 1000}}
        wait_until("a write to be acknowledged", lambda: self.primary().command(note))

    def fail_point(self, name: str, mode: str | dict[str, int], data: dict[str, Any] | None = None) -> None:
        """Set a fail point on the primary, as in `("failCommand", {"times": 1}, {...})`; needs `test_commands`."""
        self.primary().command({"configureFailPoint": name, "mode": mode, "data": data or {}})

    def clear_fail_point(self, name: str) -> None:
        """Switch off a fail point on the primary."""
        self.primary().command({"configureFailPoint": name, "mode": "off"})

    def step_down(self, seconds: int = 2) -> None:
        """Make the primary step down, and exclude it from elections for `seconds` (at least 2)."""
        self.primary().command({"replSetStepDown": seconds, "secondaryCatchUpPeriodSecs": 1, "force": True})

    def stop(self) -> None:
        """End every node: persistent ones cleanly, temporary ones at once and with their files."""
        for node in self.nodes:
            node.signal(signal.SIGKILL if self._temporary else signal.SIGTERM)
        for node in self.nodes:
            node.end()
        self._lock.close()
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _configure(self) -> bool:
        """Initiate a new set, or give an existing one its new ports: nodes recognise themselves by port."""
        first = self.nodes[0]
        hosts = [node.address for node in self.nodes]
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

    def _find_primary(self) -> Node | None:
        # A node that was paused during an election calls itself primary a moment longer: the latest election counts.
        primaries = {}
        for node in self.nodes:
            if node.alive() and not node.paused:
                answer = node.command({"hello": 1})
                if answer["isWritablePrimary"]:
                    primaries[answer["electionId"]] = node
        if not primaries:
            return None
        return primaries[max(primaries)]
