"""Race of ten people for the two tickets of the demo's Limited Concert: `python -m bench.reserve_race [URL]`.

It registers ten people, lets them reserve at the same moment, and prints how many succeeded and were refused. The exit
code is 0 if these are 2 and 8. `flask demo --reset` gives the tickets back for another race.
"""

from __future__ import annotations

import sys
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

DEFAULT_URL = "http://127.0.0.1:8000"
EVENT = "Limited Concert"
PEOPLE = 10
TICKETS = 2
PASSWORD = "ten racers 2 tickets"
TIMEOUT = 30.0

# Sends method, path, JSON body and access token; returns status and JSON body.
Send = Callable[[str, str, dict[str, Any] | None, str], tuple[int, Any]]


def over_http(url: str) -> Send:
    """Return the way to the service at `url`."""

    def send(method: str, path: str, body: dict[str, Any] | None, token: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = requests.request(method, url + path, json=body, headers=headers, timeout=TIMEOUT)
        return answer.status_code, answer.json()

    return send


def race(send: Send) -> Counter[str]:
    """Let everybody reserve at once; return the numbers of successes and of the codes of refusals."""
    event_id = _event_id(send)
    tokens = [_register(send) for _ in range(PEOPLE)]
    start = threading.Barrier(PEOPLE)

    def reserve(token: str) -> str:
        start.wait()
        status, body = send("POST", f"/api/events/{event_id}/reserve", None, token)
        return "success" if status == 201 else str(body.get("code", status))

    with ThreadPoolExecutor(PEOPLE) as threads:
        return Counter(threads.map(reserve, tokens))


def report(outcomes: Counter[str]) -> tuple[str, bool]:
    """Return the sentence about a race, and whether it ended as it must."""
    refused = {code: count for code, count in outcomes.items() if code != "success"}
    codes = ", ".join(sorted(refused)) or "none"
    sentence = f"{outcomes['success']} successes, {sum(refused.values())} refusals ({codes})"
    return sentence, outcomes == {"success": TICKETS, "sold_out": PEOPLE - TICKETS}


def _event_id(send: Send) -> str:
    _, body = send("GET", f"/api/events?search={EVENT.replace(' ', '%20')}", None, "")
    for event in body.get("data", ()):
        if event["title"] == EVENT:
            return str(event["id"])
    raise SystemExit(f"There is no event {EVENT!r}: load the demo data with `flask demo`.")


def _register(send: Send) -> str:
    email = f"race-{uuid.uuid4().hex[:12]}@example.org"
    status, body = send("POST", "/api/auth/register", {"name": "Racer", "email": email, "password": PASSWORD}, "")
    if status != 201:
        raise SystemExit(f"Nobody can register: {body.get('message', status)}")
    return str(body["accessToken"])


def main(arguments: list[str]) -> int:
    """Run one race and print what came of it."""
    url = arguments[0] if arguments else DEFAULT_URL
    try:
        sentence, as_it_must = report(race(over_http(url.rstrip("/"))))
    except requests.ConnectionError:
        raise SystemExit(f"No service answers at {url}: start it with `make run`.") from None
    print(sentence)
    return 0 if as_it_must else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
