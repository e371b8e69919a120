"""Preload of the PDF library beside the requests, since the first sale of a process would wait for its import."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass

from core.concurrency.native_threads import native_thread_pool

MODULE = "orders.tickets.pdf"


@dataclass(frozen=True)
class PreloadPdf:
    """Imports the library once there is an event; a service of slots alone saves its memory."""

    has_events: Callable[[], bool]

    def execute(self) -> None:
        """Import it in a thread of the operating system, so that the event loop goes on."""
        if MODULE in sys.modules or not self.has_events():
            return
        with native_thread_pool(1) as pool:
            pool.submit(importlib.import_module, MODULE).result()
