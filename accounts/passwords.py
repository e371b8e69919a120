"""Password hashing with Argon2id in a bounded pool of native threads, and the list of common passwords.

Parameters follow OWASP's second choice (19 MiB, two passes, one lane). A hash takes about 0.1 s of one core, so that it
must not run in the thread of the event loop.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from accounts.errors import HashingBusy, PasswordTooCommon

T = TypeVar("T")

COMMON_PASSWORDS = Path(__file__).parent / "common_passwords.txt"
HASHING_THREADS = 2
# At 0.1 s a hash and two threads, the last in the queue waits two seconds.
MAX_QUEUE = 40
RETRY_AFTER_SECONDS = 2
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@dataclass(frozen=True)
class Passwords:
    """Hashes and verifies passwords in `executor`, whose threads must be native ones.

    At most `max_queue` hashes run or wait at a time; one more raises HashingBusy. With `blocklist`, no new password may
    be one of the most common ones.
    """

    executor: Executor
    hasher: PasswordHasher = HASHER
    max_queue: int = MAX_QUEUE
    blocklist: bool = True
    _places: threading.BoundedSemaphore = field(init=False, repr=False)
    _dummy: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", threading.BoundedSemaphore(self.max_queue))
        object.__setattr__(self, "_dummy", _hash_of_no_account(self.hasher))

    def hash_new(self, password: str) -> str:
        """Return the hash of a new password; raises PasswordTooCommon or HashingBusy."""
        if self.blocklist and is_common(password):
            refusal = PasswordTooCommon()
            raise PasswordTooCommon(errors={"password": [refusal.message]})
        return self.hash(password)

    def hash(self, password: str) -> str:
        """Return the hash of `password` in PHC format; raises HashingBusy."""
        return self._run(lambda: self.hasher.hash(password))

    def verify(self, password: str, stored: str) -> bool:
        """Return whether `stored` is a hash of `password`; raises HashingBusy.

        An empty `stored` costs the same time as a wrong password, and so reveals no unknown e-mail address.
        """
        matches = self._run(lambda: _matches(self.hasher, stored or self._dummy, password))
        return matches and bool(stored)

    def needs_rehash(self, stored: str) -> bool:
        """Return whether `stored` has other parameters than new hashes."""
        return self.hasher.check_needs_rehash(stored)

    def _run(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise HashingBusy(retry_after=RETRY_AFTER_SECONDS)
        try:
            return self.executor.submit(work).result()
        finally:
            self._places.release()


def is_common(password: str) -> bool:
    """Return whether `password`, in any case, is one of the most common passwords."""
    return password.casefold() in _common_passwords()


@cache
def _hash_of_no_account(hasher: PasswordHasher) -> str:
    return hasher.hash("no account")


@cache
def _common_passwords() -> frozenset[str]:
    lines = COMMON_PASSWORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _matches(hasher: PasswordHasher, stored: str, password: str) -> bool:
    try:
        return hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
