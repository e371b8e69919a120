"""Client of server-sent events, with the parts of a browser's EventSource that the tests use."""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DATE = "2026-03-05"
SECONDS = 10.0


@dataclass(frozen=True)
class Event:
    """A message; `payload` is its JSON."""

    id: str
    name: str
    payload: Any


@dataclass
class DisplayedSlots:
    """The slots as a page shows them after its messages: booked count, capacity and remaining by id."""

    slots: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        if event.name == "snapshot":
            self.slots = displayed_slots(event.payload)
        else:
            update = event.payload
            self.slots[update["slotId"]] = (update["bookedCount"], update["capacity"], update["remaining"])


def displayed_slots(slots: list[dict[str, Any]]) -> dict[str, tuple[int, int, int]]:
    """Return the displayed values of the slots in an answer of `GET /api/slots`."""
    return {slot["_id"]: (slot["bookedCount"], slot["capacity"], slot["remaining"]) for slot in slots}


def parsed(text: str) -> list[Event]:
    """Return the messages in `text`, without comments and `retry` fields."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if "event" in lines:
            found.append(Event(lines["id"], lines["event"], json.loads(lines["data"])))
    return found


class Stream:
    """An open stream, read by its own thread unless `read` is False."""

    def __init__(self, url: str, last_id: str = "", *, query: str = f"date={DATE}", read: bool = True) -> None:
        address = url.removeprefix("http://").split(":")
        self.connection = socket.socket()
        if not read:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.connection.settimeout(60)
        self.connection.connect((address[0], int(address[1])))
        resume = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        head = f"GET /api/live?{query} HTTP/1.1\r\nHost: test\r\n{resume}\r\n"
        self.connection.sendall(head.encode())
        self.file = self.connection.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = dict(self._headers())
        self.events: queue.Queue[Event | None] = queue.Queue()
        self.retry = 0
        self.reader = threading.Thread(target=self._read, daemon=True) if read else None
        if self.reader is not None:
            self.reader.start()

    def next(self, seconds: float = SECONDS) -> Event:
        """Return the next message; fail when the stream ends or stays silent."""
        event = self.events.get(timeout=seconds)
        assert event is not None, "the stream ended"
        return event

    def maybe(self, seconds: float) -> Event | None:
        """Return the next message, or None when there is none for so long."""
        try:
            return self.next(seconds)
        except queue.Empty:
            return None

    def ended(self, seconds: float = SECONDS) -> bool:
        """Wait for the end of the stream."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.events.get(timeout=left) is None:
                return True
        return False

    def worker(self, pids: list[int]) -> int:
        """Return which of the processes holds the other end."""
        return holder(self.connection, pids)

    def close(self) -> None:
        """End the connection without a word; the thread that reads ends with it."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        if self.reader is not None:
            self.reader.join()
        self.file.close()
        self.connection.close()

    def _headers(self) -> Iterator[tuple[str, str]]:
        while line := self.file.readline().decode().strip():
            name, _, value = line.partition(":")
            yield name, value.strip()

    def _read(self) -> None:
        text = b""
        try:
            while size := int(self.file.readline().strip() or b"0", 16):
                text += self.file.read(size)
                self.file.readline()
                *blocks, text = text.split(b"\n\n")
                for block in blocks:
                    self._take(block.decode())
        except (OSError, ValueError):
            pass
        self.events.put(None)

    def _take(self, block: str) -> None:
        if block.startswith("retry: "):
            self.retry = int(block.removeprefix("retry: "))
        for event in parsed(block):
            self.events.put(event)


def holder(connection: socket.socket, pids: list[int]) -> int:
    """Return which of the processes holds the other end of `connection`."""
    mine, theirs = connection.getsockname()[1], connection.getpeername()[1]
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inode = next(row[9] for row in rows if row[1].endswith(f":{theirs:04X}") and row[2].endswith(f":{mine:04X}"))
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            if link.exists() or link.is_symlink():
                try:
                    found = str(link.readlink())
                except OSError:
                    continue
                if found == f"socket:[{inode}]":
                    return pid
    raise AssertionError("no worker holds this connection")


@contextmanager
def opened(url: str, last_id: str = "", **how: Any) -> Iterator[Stream]:
    """Open a stream until the block ends."""
    stream = Stream(url, last_id, **how)
    try:
        yield stream
    finally:
        stream.close()


def on_worker(url: str, pids: list[int], pid: int, last_id: str = "", **how: Any) -> Stream:
    """Return a stream that is served by the process `pid`."""
    for _ in range(200):
        stream = Stream(url, last_id, **how)
        if stream.worker(pids) == pid:
            return stream
        stream.close()
    raise AssertionError("this worker takes no connection")


@contextmanager
def on_both(url: str, pids: list[int], query: str = f"date={DATE}") -> Iterator[list[Stream]]:
    """Open a stream on each worker of `pids`, past its snapshot."""
    streams = [on_worker(url, pids, pid, query=query) for pid in pids]
    try:
        for stream in streams:
            assert stream.next().name == "snapshot"
        yield streams
    finally:
        for stream in streams:
            stream.close()
