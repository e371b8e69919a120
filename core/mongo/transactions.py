"""Transactions with retries and a known outcome, and bulk writes within them.

Two transactions that write one document conflict at once; the second one's error has the label
TransientTransactionError. A commit whose reply is lost has the label UnknownTransactionCommitResult; repeat it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import pymongo
from pymongo import ReadPreference
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, ConfigurationError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from core import metrics
from core.concurrency.advisory_lock import Acquisition, AdvisoryLock
from core.errors import OutcomeUnknown, Unavailable
from core.mongo.client import Client, Document
from core.mongo.failures import RETRY_AFTER_SECONDS, WriteContention, is_conflict

T = TypeVar("T")
Session = ClientSession
Update = tuple[Document, Document]

SNAPSHOT = ReadConcern("snapshot")
MAJORITY = WriteConcern("majority")
# About the duration of a rival transaction: an earlier retry only costs both of them a round trip.
MIN_PAUSE = 0.002
MAX_PAUSE = 0.012
SHORTEST_TIMEOUT = 0.05


@dataclass(frozen=True)
class Contention:
    """How a transaction meets write conflicts: for how many seconds, and with which lock."""

    timeout: float = 60.0
    lock: AdvisoryLock | None = None

    def begin(self) -> Acquisition | None:
        """Return the acquisition of the lock for a transaction, if there is a lock."""
        return self.lock.begin() if self.lock else None


def transaction(
    client: Client, work: Callable[[ClientSession], T], timeout: float, contention: Contention = Contention()
) -> T:
    """Run `work(session)` in a transaction until it commits, for at most `timeout` seconds; return its result.

    Snapshot reads, majority writes. `work` may run many times, so it must use only the database. Lost primaries are
    retried after a random pause, and so are write conflicts, unless `contention.lock` orders the rivals. Raises
    OutcomeUnknown if the commit may have succeeded, Unavailable if it did not, and WriteContention, a kind of
    Unavailable, after `contention.timeout` seconds of write conflicts. Other errors of `work` abort the transaction
    and propagate unchanged.
    """
    limits = _Limits(time.monotonic(), timeout, contention.timeout)
    acquisition = contention.begin()
    try:
        with client.start_session() as session:
            return _repeat(session, work, limits, acquisition)
    finally:
        if acquisition:
            acquisition.end()


def insert(session: ClientSession, collection: Collection[Document], documents: Sequence[Document]) -> None:
    """Insert `documents` within a transaction; raises BulkError if one is a duplicate.

    One plain command: the driver's `insert_many` checks each document for cases that cannot occur in a transaction.
    """
    command = {"insert": collection.name, "documents": documents}
    reply = collection.database.command(command, session=session)
    if "writeErrors" in reply:
        raise BulkWriteError(reply)


def bulk_update(session: ClientSession, collection: Collection[Document], updates: Sequence[Update]) -> int:
    """Apply `updates`, pairs of filter and change, within a transaction; return the number of matched documents.

    One plain command, as in `insert`.
    """
    statements = [{"q": where, "u": change, "multi": True} for where, change in updates]
    reply = collection.database.command({"update": collection.name, "updates": statements}, session=session)
    if "writeErrors" in reply:
        raise BulkWriteError(reply)
    return int(reply["n"])


@dataclass(frozen=True)
class _Limits:
    """The time limits of one transaction; `started` is monotonic, all in seconds."""

    started: float
    timeout: float
    contention_timeout: float

    @property
    def deadline(self) -> float:
        return self.started + self.timeout


def _repeat(
    session: ClientSession, work: Callable[[ClientSession], T], limits: _Limits, acquisition: Acquisition | None
) -> T:
    """Run the transaction until it commits or cannot be repeated."""
    while True:
        try:
            result = _attempt(session, work, limits.deadline)
        except PyMongoError as error:
            if not error.has_error_label("TransientTransactionError") and not _lacks_sessions(error):
                raise
            metrics.TRANSACTION_ATTEMPTS.labels("retried").inc()
            _raise_if_deadline_passed(error, limits)
            if not (acquisition and is_conflict(error) and acquisition.acquire_after_conflict()):
                _pause()
        except OutcomeUnknown:
            _kill_session(session.client, session)
            raise
        else:
            metrics.TRANSACTION_ATTEMPTS.labels("committed").inc()
            return result


def _attempt(session: ClientSession, work: Callable[[ClientSession], T], deadline: float) -> T:
    session.start_transaction(read_concern=SNAPSHOT, write_concern=MAJORITY, read_preference=ReadPreference.PRIMARY)
    try:
        with pymongo.timeout(_seconds_until(deadline)):
            result = work(session)
    except BaseException as error:
        if _lacks_sessions(error):
            _renew_connections(session.client)
        _abort(session)
        raise
    _commit(session, deadline)
    return result


def _abort(session: ClientSession) -> None:
    # An open transaction locks its slot until the server's own limit. So the abort has its own timeout, also after the
    # deadline.
    with suppress(PyMongoError), pymongo.timeout(1):
        session.abort_transaction()


def _commit(session: ClientSession, deadline: float) -> None:
    """Commit, and repeat a commit whose reply was lost; the server commits once."""
    while True:
        try:
            with pymongo.timeout(_seconds_until(deadline)):
                session.commit_transaction()
            return
        except PyMongoError as error:
            if error.has_error_label("TransientTransactionError"):
                raise  # The server does not know the transaction, so it was not committed.
            unsent = _lacks_sessions(error)
            if unsent:
                _renew_connections(session.client)
            retryable = unsent or error.has_error_label("UnknownTransactionCommitResult")
            if not retryable or time.monotonic() >= deadline:
                metrics.TRANSACTION_ATTEMPTS.labels("unknown").inc()
                raise OutcomeUnknown(retry_after=RETRY_AFTER_SECONDS) from error
            _pause()


def _seconds_until(deadline: float) -> float:
    return max(deadline - time.monotonic(), SHORTEST_TIMEOUT)


def _pause() -> None:
    time.sleep(random.uniform(MIN_PAUSE, MAX_PAUSE))  # noqa: S311 # nosec B311 # jitter, not a secret


def _raise_if_deadline_passed(error: PyMongoError, limits: _Limits) -> None:
    passed = time.monotonic() - limits.started
    if is_conflict(error) and passed >= min(limits.contention_timeout, limits.timeout):
        raise WriteContention(retry_after=RETRY_AFTER_SECONDS) from error
    if passed >= limits.timeout:
        raise Unavailable(retry_after=RETRY_AFTER_SECONDS) from error


def _kill_session(client: Client, session: ClientSession) -> None:
    # If the commit did not arrive, the open transaction would lock its slots for a minute. If it did, there is nothing
    # to abort. The outcome stays unknown until the client repeats its request.
    with suppress(PyMongoError), pymongo.timeout(1):
        client.admin.command({"killSessions": [session.session_id]})


def _lacks_sessions(error: BaseException) -> bool:
    """Return whether a command was not sent because its connection was opened during an election.

    The driver asks a node once per connection whether it supports sessions. A node that is neither primary nor
    secondary at that time seems not to, for the lifetime of the connection.
    """
    return isinstance(error, ConfigurationError) and "Sessions are not supported" in str(error)


def _renew_connections(client: Client) -> None:
    # The driver does this after network errors; it has no public method for it.
    for server in list(client._topology._servers.values()):
        server.pool.reset_without_pause()
