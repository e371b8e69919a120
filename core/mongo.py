"""The database: connecting, transactions that end in a known way, indexes and validators made at start-up.

Facts this rests on: two transactions on one document conflict at once and the loser carries the label
TransientTransactionError; a commit whose reply was lost carries UnknownTransactionCommitResult and may be repeated.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pymongo
from pymongo import IndexModel, MongoClient, ReadPreference
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from core import metrics
from core.errors import DomainError, OutcomeUnknown, Unavailable

T = TypeVar("T")
Document = dict[str, Any]
Update = tuple[Document, Document]
Db = Database[Document]
Session = ClientSession
Client = MongoClient[Document]
# The driver's errors under names of ours: who writes no queries need not know the driver.
DatabaseError = PyMongoError
DuplicateKey = DuplicateKeyError
BulkError = BulkWriteError

SNAPSHOT = ReadConcern("snapshot")
MAJORITY = WriteConcern("majority")
RETRY_AFTER_SECONDS = 2
# About as long as a rival's transaction takes: trying sooner only costs both of them a round trip.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.002, 0.012
NAMESPACE_EXISTS = 48
# What pymongo raises while the database is away or slow: no bug of ours, and worth trying again.
AWAY = (ConnectionFailure, ExecutionTimeout, WTimeoutError)
# Codes that mean the same: LockTimeout, CursorNotFound, MaxTimeMSExpired, WriteConcernFailed, ReadConcernMajority-
# NotAvailableYet, QueryPlanKilled, NetworkInterfaceExceededTimeLimit, SnapshotUnavailable, ExceededTimeLimit,
# TransactionExceededLifetimeLimitSeconds, TemporarilyUnavailable, Interrupted.
PASSING = (24, 43, 50, 64, 134, 175, 202, 246, 262, 290, 365, 11601)
WRITE_CONFLICT, DUPLICATE_KEY = 112, 11000
# For reads whose answer is a promise: what they see cannot be rolled back by a fail-over.
LASTING = ReadConcern("majority")


class Contended(Unavailable):
    """The service is briefly unavailable. Please try again."""


class NotReplicaSet(Exception):
    """The database is not a replica set."""


@dataclass(frozen=True)
class CollectionPlan:
    """What a store needs of the database: one collection, its indexes, its validator."""

    name: str
    indexes: Sequence[IndexModel] = ()
    validator: Mapping[str, Any] = field(default_factory=dict)


def connect(uri: str, app_name: str = "booking", *, patient: bool = False) -> Client:
    """Return a client with time-outs everywhere. Create it after a fork; it connects on first use.

    A `patient` one waits for a single answer as long as it takes: building an index over a million rows needs that.
    """
    return MongoClient(
        uri,
        appname=app_name,
        w="majority",
        tz_aware=True,
        connectTimeoutMS=2000,
        socketTimeoutMS=None if patient else 20000,
        heartbeatFrequencyMS=1000,
        serverSelectionTimeoutMS=5000,
        waitQueueTimeoutMS=5000,
        maxPoolSize=64,
    )


def require_replica_set(client: Client) -> None:
    """Return when `client` speaks to a replica set; raise NotReplicaSet with the reason otherwise."""
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


def ensure(db: Db, plans: Sequence[CollectionPlan]) -> None:
    """Create or update the collections, validators and indexes of `plans`; doing it again changes nothing."""
    for plan in plans:
        with suppress_exists():
            db.create_collection(plan.name, validator=dict(plan.validator))
        db.command({"collMod": plan.name, "validator": dict(plan.validator), "validationLevel": "strict"})
        if plan.indexes:
            db[plan.name].create_indexes(list(plan.indexes))


class suppress_exists:  # noqa: N801  # a context manager, named like contextlib's own
    """Passes over the error that a collection exists already, also when another process won the race to make it."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        """Swallow NamespaceExists and nothing else."""
        name_taken = isinstance(error, pymongo.errors.CollectionInvalid)
        return name_taken or (isinstance(error, OperationFailure) and error.code == NAMESPACE_EXISTS)


def transaction(client: Client, work: Callable[[ClientSession], T], seconds: float, conflicts: float = 60.0) -> T:
    """Run `work(session)` in a transaction until it is committed, for at most `seconds`; return what it returned.

    Snapshot reads, majority writes. `work` may run many times and must touch nothing but the database. Conflicts and
    lost primaries are retried after some milliseconds, at random. Raises OutcomeUnknown when the commit may or may
    not have taken, Unavailable when it surely has not, and Contended, which is one, when others held what `work` writes
    for all of `conflicts` seconds; other errors of `work` end the transaction and travel untouched.
    """
    begun = time.monotonic()
    with client.start_session() as session:
        while True:
            try:
                result = _attempt(session, work, begun + seconds)
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError") and not _lacks_sessions(error):
                    raise
                metrics.TRANSACTION_ATTEMPTS.labels("retried").inc()
                _give_up_in_time(error, time.monotonic() - begun, seconds, conflicts)
                time.sleep(random.uniform(SHORTEST_PAUSE, LONGEST_PAUSE))  # noqa: S311 # nosec B311 # jitter
            except OutcomeUnknown:
                _end_on_server(client, session)
                raise
            else:
                metrics.TRANSACTION_ATTEMPTS.labels("committed").inc()
                return result


def insert(session: ClientSession, collection: Collection[Document], documents: Sequence[Document]) -> None:
    """Write `documents` within a transaction; raises BulkError when one of them is a duplicate.

    One plain command: the driver's `insert_many` looks at each document apart, for cases that a transaction rules out.
    """
    command = {"insert": collection.name, "documents": documents}
    _raise_write_errors(collection.database.command(command, session=session))


def update_all(session: ClientSession, collection: Collection[Document], updates: Sequence[Update]) -> int:
    """Make `updates`, pairs of filter and change, within a transaction; return how many documents matched them.

    One plain command, as in `insert`.
    """
    statements = [{"q": where, "u": change, "multi": True} for where, change in updates]
    reply = collection.database.command({"update": collection.name, "updates": statements}, session=session)
    _raise_write_errors(reply)
    return int(reply["n"])


def _raise_write_errors(reply: Document) -> None:
    if "writeErrors" in reply:
        raise BulkWriteError(reply)


def _give_up_in_time(error: PyMongoError, passed: float, seconds: float, conflicts: float) -> None:
    if is_conflict(error) and passed >= min(conflicts, seconds):
        raise Contended(retry_after=RETRY_AFTER_SECONDS) from error
    if passed >= seconds:
        raise Unavailable(retry_after=RETRY_AFTER_SECONDS) from error


def _end_on_server(client: Client, session: ClientSession) -> None:
    # If the commit never arrived, the transaction is still open there and would hold its slots for a minute. If it
    # did arrive, there is nothing left to end. Either way the answer stays "unknown": the next try will find out.
    with suppress(PyMongoError), pymongo.timeout(1):
        client.admin.command({"killSessions": [session.session_id]})


def _attempt(session: ClientSession, work: Callable[[ClientSession], T], deadline: float) -> T:
    session.start_transaction(read_concern=SNAPSHOT, write_concern=MAJORITY, read_preference=ReadPreference.PRIMARY)
    try:
        with pymongo.timeout(max(deadline - time.monotonic(), 0.05)):
            result = work(session)
    except BaseException as error:
        if _lacks_sessions(error):
            _renew_connections(session.client)
        _abort(session)
        raise
    _commit(session, deadline)
    return result


def _abort(session: ClientSession) -> None:
    # A transaction left open would block its slot for others until the server's own limit, so the abort gets time of
    # its own even when the deadline is over.
    with suppress(PyMongoError), pymongo.timeout(1):
        session.abort_transaction()


def _commit(session: ClientSession, deadline: float) -> None:
    """Commit, repeating a commit whose reply was lost; the server commits once however often it is told to."""
    while True:
        try:
            with pymongo.timeout(max(deadline - time.monotonic(), 0.05)):
                session.commit_transaction()
            return
        except PyMongoError as error:
            if error.has_error_label("TransientTransactionError"):
                raise  # The server knows of no such transaction: it has surely not been committed.
            unsent = _lacks_sessions(error)
            if unsent:
                _renew_connections(session.client)
            known = not unsent and not error.has_error_label("UnknownTransactionCommitResult")
            if known or time.monotonic() >= deadline:
                metrics.TRANSACTION_ATTEMPTS.labels("unknown").inc()
                raise OutcomeUnknown(retry_after=RETRY_AFTER_SECONDS) from error
            time.sleep(random.uniform(SHORTEST_PAUSE, LONGEST_PAUSE))  # noqa: S311 # nosec B311 # jitter, not a secret


def _lacks_sessions(error: BaseException) -> bool:
    """Return whether a command was not sent because its connection was opened at a bad moment.

    The driver asks a node once a connection whether it knows sessions. One that is just then neither primary nor
    secondary, as after a fail-over, seems not to, and would not for as long as the connection lives.
    """
    return isinstance(error, ConfigurationError) and "Sessions are not supported" in str(error)


def _renew_connections(client: Client) -> None:
    # The driver does so itself after errors of the network; there is no public way to ask for it.
    for server in list(client._topology._servers.values()):
        server.pool.reset_without_pause()


def within(seconds: float) -> AbstractContextManager[None]:
    """Bound everything that a block asks of the database; beyond, it is as good as away."""
    return pymongo.timeout(seconds)


def is_away(error: PyMongoError) -> bool:
    """Return whether `error` means that the database is away or slow."""
    code = error.code if isinstance(error, OperationFailure) else None
    return error.timeout or isinstance(error, AWAY) or code in PASSING


def is_conflict(error: PyMongoError) -> bool:
    """Return whether `error` means that somebody else was writing the same."""
    return isinstance(error, OperationFailure) and error.code == WRITE_CONFLICT


def as_domain_error(error: PyMongoError) -> DomainError:
    """Return what a failed read or single write means to a client: the service is away for a moment."""
    return Unavailable(
        f"The database did not answer in time ({type(error).__name__}).", retry_after=RETRY_AFTER_SECONDS
    )


def end_transactions_of(client: Client, app_name: str) -> int:
    """End the transactions that a dead process left open, known by its `app_name`; return how many there were.

    The server would keep them, and with them their slots, until transactionLifetimeLimitSeconds (60 s by default).
    """
    idle = client.admin.aggregate(
        [
            {"$currentOp": {"idleSessions": True, "allUsers": False}},
            {"$match": {"transaction": {"$exists": True}, "appName": app_name}},
        ]
    )
    sessions = [{"id": operation["lsid"]["id"]} for operation in idle if "lsid" in operation]
    if sessions:
        client.admin.command({"killSessions": sessions})
    return len(sessions)
