"""Applications of the tests hash cheaply; the class that the service uses keeps its own parameters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import accounts.wiring
from accounts.passwords import HASHER, Passwords
from tests.cheap_passwords import CHEAP


def test_application_of_a_test_hashes_with_cheap_parameters() -> None:
    with ThreadPoolExecutor(1) as executor:
        assert vars(accounts.wiring)["Passwords"](executor).hasher is CHEAP


def test_passwords_of_the_service_keep_their_parameters() -> None:
    with ThreadPoolExecutor(1) as executor:
        assert Passwords(executor).hasher is HASHER
