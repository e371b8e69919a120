"""A worker that runs in a thread of the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from notifications.delivery.worker import OutboxWorker


class running:  # noqa: N801  # a context manager, named like contextlib's own
    """Runs a worker in a thread until the block ends."""

    def __init__(self, worker: OutboxWorker) -> None:
        self.worker, self.thread = worker, threading.Thread(target=worker.run, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.worker.shut_down()
        self.thread.join(10)
        assert not self.thread.is_alive()


def wait_until(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
