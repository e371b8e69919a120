"""Supervised process: a program that ends when the process that started it ends, however that happens."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from devdb import watchdog


class SupervisedProcess:
    """A program in its own session, out of Ctrl-C's reach, that a watchdog ends when this process dies.

    `output` receives what the program prints. `discard` is a folder that is deleted if this process dies first.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        output: IO[bytes] | None = None,
        environment: Mapping[str, str] | None = None,
        discard: Path | None = None,
    ) -> None:
        self._socket, theirs = socket.socketpair()
        # A forked process that inherits this end would keep the program alive.
        os.register_at_fork(after_in_child=self._socket.close)
        script = [sys.executable, "-I", "-S", str(Path(watchdog.__file__).resolve()), str(discard or "")]
        with theirs:
            self._watchdog: subprocess.Popen[bytes] = subprocess.Popen(
                [*script, *command],
                stdin=theirs.fileno(),
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )

    def poll(self) -> int | None:
        """Return None while the program runs, then its exit code, or 128 + the signal that ended it."""
        return self._watchdog.poll()

    def signal(self, number: int) -> None:
        """Send a signal and return once it is delivered; do nothing if the program has ended."""
        with suppress(OSError):
            self._socket.sendall(bytes([number]))
            self._socket.recv(1)

    def end(self, seconds: float = watchdog.SHUTDOWN_TIMEOUT) -> None:
        """Wait up to `seconds` for the program to end, then kill it."""
        try:
            self._watchdog.wait(seconds)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self._watchdog.wait()
        self._socket.close()

    def stop(self) -> None:
        """Send SIGTERM and wait for the program to end."""
        self.signal(signal.SIGTERM)
        self.end()
