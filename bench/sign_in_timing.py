"""Times of sign-ins and reset requests for known and unknown e-mail addresses, alternating, over a served service.

`python -m bench.sign_in_timing URL [COUNT]`: the service needs generous RATE_LIMIT_* settings. Each request has an
address of its own, as ten wrong passwords lock one.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
import uuid
from collections.abc import Callable

import requests

PASSWORD = "correct horse 7"
DEFAULT_COUNT = 1_000
ATTEMPTS_PER_ACCOUNT = 8


def main(url: str, count: int) -> None:
    """Print the means and their difference for both kinds of request."""
    browser = requests.Session()
    known = [_register(browser, url) for _ in range(-(-count // ATTEMPTS_PER_ACCOUNT))]
    for name, path, body in (
        ("sign-in with a wrong password", "login", {"password": "wrong horse 9"}),
        ("reset request", "forgot-password", {}),
    ):
        _print_comparison(name, *_measure(count, known, _timed_request(browser, f"{url}/api/auth/{path}", body)))


def _measure(count: int, known: list[str], timed: Callable[[str], float]) -> tuple[list[float], list[float]]:
    of_known, of_unknown = [], []
    for number in range(count):
        of_known.append(timed(known[number // ATTEMPTS_PER_ACCOUNT]))
        of_unknown.append(timed(_address()))
    return of_known, of_unknown


def _timed_request(browser: requests.Session, url: str, body: dict[str, str]) -> Callable[[str], float]:
    def timed(email: str) -> float:
        started = time.perf_counter()
        answer = browser.post(url, json={**body, "email": email}, timeout=30)
        seconds = time.perf_counter() - started
        assert answer.status_code in (202, 401), answer.text
        return seconds

    return timed


def _print_comparison(name: str, of_known: list[float], of_unknown: list[float]) -> None:
    """Print the means in milliseconds, and their difference with its standard error in percent of the first."""
    known, unknown = (1000 * statistics.fmean(times) for times in (of_known, of_unknown))
    differences = [1000 * (later - first) for first, later in zip(of_known, of_unknown, strict=True)]
    error = statistics.stdev(differences) / math.sqrt(len(differences))
    print(f"{name}, {len(of_known)} each: known {known:.2f} ms, unknown {unknown:.2f} ms")
    print(f"  difference {100 * (unknown - known) / known:+.2f} %, standard error {100 * error / known:.2f} %")


def _register(browser: requests.Session, url: str) -> str:
    email = _address()
    body = {"name": "Ada", "email": email, "password": PASSWORD}
    assert browser.post(f"{url}/api/auth/register", json=body, timeout=30).status_code == 201
    return email


def _address() -> str:
    return f"{uuid.uuid4().hex}@example.org"


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), int(sys.argv[2]) if len(sys.argv) > 2 else DEFAULT_COUNT)
