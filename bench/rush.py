"""The moment of sale: many people at once, a connection each, one request each.

    python -m bench.rush URL SLOTS PEOPLE RUN

SLOTS is a file of lines "<slot id> <date>"; person i wants slot i modulo their number, so every slot is wanted by
about the same number of people. All connections are open before anybody asks. The last line is JSON: the seconds from
the first request to the last answer, and the answers by status.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import sys
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

PATIENCE = 120.0  # seconds until whoever has no answer is counted as unanswered
AT_ONCE = 100  # connections opened at a time, so that no queue of unaccepted ones overflows
FIRST_NUMBER = 4152000000
UNANSWERED = 0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def main(url: str, slots: Path, people: int, run: str) -> None:
    """Rush, and print what came of it."""
    _allow_files(people + 200)
    wanted = [line.split() for line in slots.read_text().splitlines()]
    requests = [_request(url, wanted[i % len(wanted)], i, run) for i in range(people)]
    print(json.dumps(asyncio.run(_rush(url, requests))))


async def _rush(url: str, requests: list[bytes]) -> dict[str, object]:
    connections = await _connect(url, len(requests))
    began = time.perf_counter()
    for (_, writer), request in zip(connections, requests, strict=True):
        writer.write(request)
    answers = await asyncio.gather(*(_answer(reader) for reader, _ in connections))
    took = max(at for _, at in answers) - began
    for _, writer in connections:
        writer.close()
    statuses = Counter(status for status, _ in answers)
    return {"seconds": took, "statuses": {str(status): n for status, n in sorted(statuses.items())}}


async def _connect(url: str, people: int) -> list[Connection]:
    address = urlsplit(url)
    made: list[Connection] = []
    while len(made) < people:
        some = min(AT_ONCE, people - len(made))
        made += await asyncio.gather(*(asyncio.open_connection(address.hostname, address.port) for _ in range(some)))
    for _, writer in made:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


async def _answer(reader: asyncio.StreamReader) -> tuple[int, float]:
    try:
        async with asyncio.timeout(PATIENCE):
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
            await reader.readexactly(length)
    except (OSError, TimeoutError, EOFError, StopIteration):
        return UNANSWERED, time.perf_counter()
    return int(head.split(b" ", 2)[1]), time.perf_counter()


def _request(url: str, slot: list[str], person: int, run: str) -> bytes:
    slot_id, date = slot
    body = json.dumps(
        {
            "fullName": "Ada Guest", "email": f"{run}-{person}@example.com", "phone": f"+1{FIRST_NUMBER + person}",
            "country": "US", "city": "San Francisco", "date": date, "slotId": slot_id, "message": "Here I am.",
        }
    )  # fmt: skip
    head = (
        f"POST /api/bookings HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nContent-Type: application/json\r\n"
        # Everybody has an address of their own, as a proxy would tell it.
        f"X-Forwarded-For: 10.{sum(run.encode()) % 256}.{person // 256}.{person % 256}\r\n"
        f"X-Request-ID: {run}-{person}\r\nIdempotency-Key: {run}-{person}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return f"{head}{body}".encode()


def _allow_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
