"""Burst load: many clients at once, each with one connection and one request.

    python -m bench.burst_load URL SLOTS GUESTS CLIENTS RUN

SLOTS is a file of lines "<slot id> <date>", and GUESTS one of `bench.guest_bodies`. Client i requests slot i modulo the
number of slots, so every slot gets about the same number of requests. All connections are open before the first
request. The last line is JSON: the seconds from the first request to the last response, and the responses by status.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.guest_bodies import read_guests

RESPONSE_TIMEOUT_SECONDS = 120.0
CONNECTIONS_PER_STEP = 100  # below any listen backlog
SPARE_FILES = 200  # beside the connections
UNANSWERED = 0


@dataclass(frozen=True)
class BurstArguments:
    """The arguments of the command."""

    url: str
    slots: Path
    guests: Path
    clients: int
    run: str


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
# A status (0: unanswered) and the time of the response.
Response = tuple[int, float]


def main(arguments: BurstArguments) -> None:
    """Send the burst and print the result."""
    print_burst(arguments.url, _requests(arguments))


def print_burst(url: str, requests: Sequence[bytes]) -> None:
    """Send the requests at once, each on a connection of its own, and print the result."""
    _raise_file_limit(len(requests) + SPARE_FILES)
    print(json.dumps(asyncio.run(_send_burst(url, requests))))


async def _send_burst(url: str, requests: Sequence[bytes]) -> dict[str, object]:
    connections = await _connect(url, len(requests))
    start = time.perf_counter()
    for (_, writer), request in zip(connections, requests, strict=True):
        writer.write(request)
    responses = await asyncio.gather(*(_read_response(reader) for reader, _ in connections))
    seconds = max(received_at for _, received_at in responses) - start
    for _, writer in connections:
        writer.close()
    statuses = Counter(status for status, _ in responses)
    return {"seconds": seconds, "statuses": {str(status): count for status, count in sorted(statuses.items())}}


async def _connect(url: str, clients: int) -> list[Connection]:
    address = urlsplit(url)
    connections: list[Connection] = []
    while len(connections) < clients:
        step = min(CONNECTIONS_PER_STEP, clients - len(connections))
        opening = [asyncio.open_connection(address.hostname, address.port) for _ in range(step)]
        connections += await asyncio.gather(*opening)
    for _, writer in connections:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connections


async def _read_response(reader: asyncio.StreamReader) -> Response:
    try:
        async with asyncio.timeout(RESPONSE_TIMEOUT_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
            await reader.readexactly(length)
    except (OSError, TimeoutError, EOFError, StopIteration):
        return UNANSWERED, time.perf_counter()
    return int(head.split(b" ", 2)[1]), time.perf_counter()


def _requests(arguments: BurstArguments) -> list[bytes]:
    slots = [line.split() for line in arguments.slots.read_text().splitlines()]
    guests = read_guests(arguments.guests)
    host = urlsplit(arguments.url).netloc
    requests = []
    for client in range(arguments.clients):
        slot_id, date = slots[client % len(slots)]
        guest = guests[client % len(guests)]
        body = guest.booking_json(f"{arguments.run}-{client}", date=date, slotId=slot_id).encode()
        requests.append(_head(host, arguments.run, client, len(body)) + body)
    return requests


def _head(host: str, run: str, client: int, length: int) -> bytes:
    head = (
        f"POST /api/bookings HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        # Each client has an IP address of its own, as behind a proxy.
        f"X-Forwarded-For: 10.{sum(run.encode()) % 256}.{client // 256}.{client % 256}\r\n"
        f"X-Request-ID: {run}-{client}\r\nIdempotency-Key: {run}-{client}\r\nContent-Length: {length}\r\n\r\n"
    )
    return head.encode()


def _raise_file_limit(files: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))


if __name__ == "__main__":
    _url, _slots, _guests, _clients, _run = sys.argv[1:]
    main(BurstArguments(_url, Path(_slots), Path(_guests), int(_clients), _run))
