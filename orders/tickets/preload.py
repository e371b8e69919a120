"""Preload of the PDF library beside the requests, since the first sale of a process would wait for its import."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

MODULE = "orders.tickets.pdf"
# What it imports; no step takes longer than the last one, of 0.1 s.
PARTS = (
    "PIL.Image",
    "PIL.TiffImagePlugin",
    "fontTools.ttLib.ttFont",
    "fontTools.ttLib.tables.otTables",
    "fontTools.otlLib.builder",
    "fontTools.varLib.merger",
    "fontTools.varLib.instancer",
    "fontTools.subset",
    "cryptography.hazmat.primitives.serialization.pkcs12",
)
# Requests are served in between. A thread of the operating system could wait for the event loop's locks for ever.
PAUSE_SECONDS = 0.01


@dataclass(frozen=True)
class PreloadPdf:
    """Imports the library once there is an event; a service of slots alone saves its memory."""

    has_events: Callable[[], bool]

    def execute(self) -> None:
        """Import it in small steps, so that the event loop goes on in between."""
        if MODULE in sys.modules or not self.has_events():
            return
        for name in (*PARTS, MODULE):
            importlib.import_module(name)
            time.sleep(PAUSE_SECONDS)
