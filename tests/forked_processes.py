"""Processes of the service and of its commands, forked by a process that has their libraries loaded."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PR_SET_CHILD_SUBREAPER = 36
COMMAND_SECONDS = 120


@dataclass(frozen=True)
class ForkServer:
    """A running fork server."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    lock: threading.Lock

    @classmethod
    def start(cls, kind: str) -> ForkServer:
        """Start one; `kind` is `patched` for services, which run under gevent, or `plain` for commands."""
        ours, theirs = socket.socketpair()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server", str(theirs.fileno()), kind],
            cwd=ROOT, env={"PATH": os.environ["PATH"]}, pass_fds=[theirs.fileno()],
        )  # fmt: skip
        theirs.close()
        return cls(process, ours, threading.Lock())

    def spawn(
        self, module: str, *arguments: str, environment: dict[str, str], stdout: Path, stderr: Path
    ) -> AdoptedProcess:
        """Run `python -m module`; its output is appended to the files."""
        request = {
            "module": module, "arguments": arguments, "environment": environment,
            "stdout": str(stdout), "stderr": str(stderr),
        }  # fmt: skip
        with self.lock:
            _set_subreaper(1)
            try:
                self.channel.sendall(json.dumps(request).encode() + b"\n")
                pid = int(self.channel.makefile().readline())
            finally:
                _set_subreaper(0)
        return AdoptedProcess(pid, [sys.executable, "-m", module, *arguments])


class AdoptedProcess(subprocess.Popen[bytes]):
    """A process that became this one's child after its start."""

    def __init__(self, pid: int, args: list[str]) -> None:
        self.pid = pid
        self.args = args
        self.returncode: Any = None
        self.stdin = None
        self.stdout = None
        self.stderr = None
        self._child_created = True
        self._waitpid_lock = threading.Lock()


def _set_subreaper(value: int) -> None:
    """Let this process adopt processes whose parent ends, or stop to."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


_fork_servers: dict[str, ForkServer] = {}


def fork_server(kind: str) -> ForkServer:
    """Return the fork server of this process for `kind`, started at its first use."""
    if kind not in _fork_servers:
        _fork_servers[kind] = ForkServer.start(kind)
    return _fork_servers[kind]


def run_flask(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Run one of the operator's commands to its end."""
    with tempfile.TemporaryDirectory() as folder:
        stdout = Path(folder, "stdout")
        stderr = Path(folder, "stderr")
        process = fork_server("plain").spawn("flask", *command, environment=environment, stdout=stdout, stderr=stderr)
        try:
            status = process.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        return subprocess.CompletedProcess(process.args, status, stdout.read_text(), stderr.read_text())
