"""Classification of the driver's errors: unavailable, write conflict, duplicate key."""

from __future__ import annotations

from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

from core.errors import DomainError, Unavailable

# The driver's errors under our own names, so that only stores import the driver.
DatabaseError = PyMongoError
DuplicateKey = DuplicateKeyError
BulkError = BulkWriteError

RETRY_AFTER_SECONDS = 2
# pymongo raises these while the database is unavailable or slow; repeating may succeed.
UNAVAILABLE_ERRORS = (ConnectionFailure, ExecutionTimeout, WTimeoutError)
# Codes that mean the same: LockTimeout, CursorNotFound, MaxTimeMSExpired, WriteConcernFailed, ReadConcernMajority-
# NotAvailableYet, QueryPlanKilled, NetworkInterfaceExceededTimeLimit, SnapshotUnavailable, ExceededTimeLimit,
# TransactionExceededLifetimeLimitSeconds, TemporarilyUnavailable, Interrupted.
TRANSIENT_CODES = (24, 43, 50, 64, 134, 175, 202, 246, 262, 290, 365, 11601)
WRITE_CONFLICT = 112
DUPLICATE_KEY = 11000


class WriteContention(Unavailable):
    """The service is briefly unavailable. Please try again."""


def is_unavailable(error: PyMongoError) -> bool:
    """Return whether `error` means that the database is unavailable or slow."""
    code = error.code if isinstance(error, OperationFailure) else None
    return error.timeout or isinstance(error, UNAVAILABLE_ERRORS) or code in TRANSIENT_CODES


def is_conflict(error: PyMongoError) -> bool:
    """Return whether `error` is a write conflict with another transaction."""
    return isinstance(error, OperationFailure) and error.code == WRITE_CONFLICT


def as_domain_error(error: PyMongoError) -> DomainError:
    """Return the refusal for a failed read or a failed single write."""
    return Unavailable(
        f"The database did not answer in time ({type(error).__name__}).", retry_after=RETRY_AFTER_SECONDS
    )
