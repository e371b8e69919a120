"""Cheap password hashes for applications of this process: one with the service's parameters takes 40 ms of a core."""

from __future__ import annotations

import functools

from argon2 import PasswordHasher

from accounts import wiring
from accounts.passwords import Passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def install() -> None:
    """Let applications hash passwords with `CHEAP`; a module that needs the real cost restores `Passwords`."""
    vars(wiring)["Passwords"] = functools.partial(Passwords, hasher=CHEAP)
