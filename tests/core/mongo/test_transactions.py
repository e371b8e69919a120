"""Write conflicts of transactions: with the lock, one waits for its rival; without it, it tries again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from core.concurrency import advisory_lock
from core.concurrency.advisory_lock import AdvisoryLock
from core.mongo.client import Client, Db
from core.mongo.transactions import Contention, Session, transaction

RIVAL_SECONDS = 0.4
TIMEOUT = 30.0


@pytest.fixture
def database(mongo: Client, make_database: Callable[[], str]) -> Db:
    """A database with one document."""
    db = mongo[make_database()]
    db.things.insert_one({"_id": 1, "count": 0})
    return db


@pytest.fixture
def lock(monkeypatch: pytest.MonkeyPatch) -> AdvisoryLock:
    """A lock that is waited for as long as need be."""
    monkeypatch.setattr(advisory_lock, "ACQUIRE_SECONDS", TIMEOUT)
    return AdvisoryLock()


@pytest.fixture
def rival(database: Db, lock: AdvisoryLock) -> Iterator[None]:
    """A transaction that has the lock and the document for a while."""
    acquisition = lock.begin()
    with database.client.start_session() as session:
        session.start_transaction()
        increment(database, session)

        def commit() -> None:
            session.commit_transaction()
            acquisition.end()

        committing = threading.Timer(RIVAL_SECONDS, commit)
        committing.start()
        yield
        committing.join()


def increment(database: Db, session: Session) -> None:
    """Count in the document."""
    database.things.update_one({"_id": 1}, {"$inc": {"count": 1}}, session=session)


def attempts(database: Db, contention: Contention) -> int:
    """Return how often a transaction that counts was tried until it was committed."""
    tried = []

    def work(session: Session) -> None:
        tried.append(session)
        increment(database, session)

    transaction(database.client, work, TIMEOUT, contention)
    assert database.things.find_one() == {"_id": 1, "count": 2}
    return len(tried)


@pytest.mark.usefixtures("rival")
def test_transaction_with_the_lock_is_repeated_once_after_its_rival(database: Db, lock: AdvisoryLock) -> None:
    assert attempts(database, Contention(lock=lock)) == 2
    assert lock.acquire(0)


@pytest.mark.usefixtures("rival")
def test_control_transaction_without_it_is_repeated_often(database: Db) -> None:
    assert attempts(database, Contention()) > 2


def test_failed_transaction_releases_its_lock(database: Db, lock: AdvisoryLock) -> None:
    def fail(_session: Session) -> None:
        raise ValueError("no transaction")

    with pytest.raises(ValueError, match="no transaction"):
        transaction(database.client, fail, TIMEOUT, Contention(lock=lock))

    assert lock.acquire(0)
