"""Burst load: many clients at once, each with one connection and one request.

    python -m bench.burst_load URL SLOTS CLIENTS RUN

SLOTS is a file of lines "<slot id> <date>". Client i requests slot i modulo the number of slots, so every slot gets
about the same number of requests. All connections are open before the first request. The last line is JSON: the
seconds from the first request to the last response, and the responses by status.
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
from pathlib import Path
from urllib.parse import urlsplit

RESPONSE_TIMEOUT_SECONDS = 120.0
CONNECTIONS_PER_STEP = 100  # below any listen backlog
SPARE_FILES = 200  # beside the connections
FIRST_NUMBER = 4152000000
UNANSWERED = 0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
# A status (0: unanswered) and the time of the response.
Response = tuple[int, float]


def main(url: str, slots: Path, clients: int, run: str) -> None:
    """Send the burst and print the result."""
    _raise_file_limit(clients + SPARE_FILES)
    lines = [line.split() for line in slots.read_text().splitlines()]
    requests = [_request(url, lines[number % len(lines)], number, run) for number in range(clients)]
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


def _request(url: str, slot: Sequence[str], client: int, run: str) -> bytes:
    slot_id, date = slot
    body = json.dumps(
        {
            "fullName": "Ada Guest", "email": f"{run}-{client}@example.com", "phone": f"+1{FIRST_NUMBER + client}",
            "country": "US", "city": "San Francisco", "date": date, "slotId": slot_id, "message": "Here I am.",
        }
    )  # fmt: skip
    head = (
        f"POST /api/bookings HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nContent-Type: application/json\r\n"
        # Each client has an IP address of its own, as behind a proxy.
        f"X-Forwarded-For: 10.{sum(run.encode()) % 256}.{client // 256}.{client % 256}\r\n"
        f"X-Request-ID: {run}-{client}\r\nIdempotency-Key: {run}-{client}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return f"{head}{body}".encode()


def _raise_file_limit(files: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
