"""Burst of reservations: many people at once, each with one connection and one request.

    python -m bench.reservation_burst URL LINKS

LINKS is a file of lines "<request id> <access token> <event id>". The last line is that of `bench.burst_load`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from bench.burst_load import print_burst


def reservation_requests(host: str, links: Iterable[str]) -> list[bytes]:
    """Return the requests of `links`, each with an IP address of its own, as behind a proxy."""
    requests = []
    for number, link in enumerate(links):
        request_id, token, event_id = link.split()
        head = (
            f"POST /api/events/{event_id}/reserve HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
            f"X-Forwarded-For: 10.9.{number // 256}.{number % 256}\r\n"
            f"X-Request-ID: {request_id}\r\nContent-Length: 0\r\n\r\n"
        )
        requests.append(head.encode())
    return requests


if __name__ == "__main__":
    _url, _links = sys.argv[1:]
    print_burst(_url, reservation_requests(urlsplit(_url).netloc, Path(_links).read_text().splitlines()))
