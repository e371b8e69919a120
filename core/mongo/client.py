"""MongoDB client with a timeout on every operation, and the check for a replica set."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import pymongo
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import ConfigurationError, PyMongoError
from pymongo.read_concern import ReadConcern

Document = dict[str, Any]
Db = Database[Document]
Client = MongoClient[Document]

# A fail-over cannot roll back what a read with this concern returns.
MAJORITY_READ = ReadConcern("majority")
# The driver interrupts operations at a node that has been silent for both times together, as a frozen primary is.
# MongoDB elects another primary after one second at the earliest, so a shorter time would gain nothing.
# A false alarm costs little: the interrupted transactions are repeated.
HEARTBEAT_MS = 500
SILENT_NODE_MS = 1000


class NotReplicaSet(Exception):
    """The database is not a replica set."""


def connect(uri: str, app_name: str = "booking", *, no_socket_timeout: bool = False) -> Client:
    """Return a client that connects on first use. Create it after a fork.

    `no_socket_timeout` lets one command run without limit: building an index over a million rows needs that.
    """
    return MongoClient(
        uri,
        appname=app_name,
        w="majority",
        tz_aware=True,
        connectTimeoutMS=SILENT_NODE_MS,
        socketTimeoutMS=None if no_socket_timeout else 20000,
        heartbeatFrequencyMS=HEARTBEAT_MS,
        serverSelectionTimeoutMS=5000,
        waitQueueTimeoutMS=5000,
        maxPoolSize=64,
    )


def require_replica_set(client: Client) -> None:
    """Return if `client` is connected to a replica set; otherwise raise NotReplicaSet with the reason."""
    try:
        hello = client.admin.command("hello")
    except ConfigurationError as error:
        raise NotReplicaSet(f"MONGODB_URI cannot be used: {error}") from error
    except PyMongoError as error:
        raise NotReplicaSet(
            "No database answers at MONGODB_URI: check the address, that MongoDB runs, and that it is a replica set "
            f"under the name the address gives ({type(error).__name__})."
        ) from error
    if "setName" not in hello:
        raise NotReplicaSet(
            "MONGODB_URI names a MongoDB server that is not part of a replica set. Bookings need transactions, which "
            "only a replica set has: start mongod with --replSet and run rs.initiate() once (one node is enough)."
        )


def timeout(seconds: float) -> AbstractContextManager[None]:
    """Bound the total time of the database operations in a block."""
    return pymongo.timeout(seconds)
