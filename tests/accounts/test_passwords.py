"""Password hashing: parameters, rehash, the bounded queue and the block list."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from accounts import passwords as module
from accounts.errors import HashingBusy, PasswordTooCommon
from accounts.passwords import HASHER, Passwords, is_common

PASSWORD = "correct horse 7"  # nosec B105 # of no account
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def test_hash_has_the_documented_parameters() -> None:
    stored = Passwords(ThreadPoolExecutor(1)).hash(PASSWORD)

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_verify_accepts_only_the_same_password() -> None:
    passwords = Passwords(ThreadPoolExecutor(1), CHEAP)
    stored = passwords.hash(PASSWORD)

    assert passwords.verify(PASSWORD, stored)
    assert not passwords.verify(PASSWORD.upper(), stored)
    assert not passwords.verify(PASSWORD, "")
    assert not passwords.verify("the hash of no account", "")
    assert not passwords.verify(PASSWORD, "no hash")


def test_hash_with_other_parameters_needs_a_new_one() -> None:
    passwords = Passwords(ThreadPoolExecutor(1))

    assert passwords.needs_rehash(CHEAP.hash(PASSWORD))
    assert not passwords.needs_rehash(HASHER.hash(PASSWORD))


def test_full_queue_refuses_one_more_and_recovers() -> None:
    release = threading.Event()
    passwords = Passwords(ThreadPoolExecutor(1), CHEAP, max_queue=2)
    with ThreadPoolExecutor(2) as callers:
        started = threading.Barrier(3)

        def wait() -> str:
            started.wait()
            release.wait()
            return "done"

        waiting = [callers.submit(passwords._run, wait), callers.submit(passwords._run, lambda: "queued")]
        threading.Thread(target=started.wait).start()
        threading.Thread(target=started.wait).start()
        while passwords._places._value:
            threading.Event().wait(0.001)
        with pytest.raises(HashingBusy) as refused:
            passwords.hash(PASSWORD)
        release.set()
        assert [each.result(10) for each in waiting] == ["done", "queued"]

    assert refused.value.retry_after == module.RETRY_AFTER_SECONDS
    assert passwords.verify(PASSWORD, passwords.hash(PASSWORD))


def test_block_list_has_three_thousand_common_passwords() -> None:
    assert len(module._common_passwords()) == 3_000
    assert is_common("Password1")
    assert not is_common(PASSWORD)


def test_new_password_is_checked_against_the_block_list_if_it_is_on() -> None:
    with pytest.raises(PasswordTooCommon):
        Passwords(ThreadPoolExecutor(1), CHEAP).hash_new("password1")

    assert Passwords(ThreadPoolExecutor(1), CHEAP, blocklist=False).hash_new("password1")
