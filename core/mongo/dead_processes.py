"""Abort of the open transactions that dead processes left, found by the appName of their clients.

The server keeps such a transaction, and locks what it wrote, for transactionLifetimeLimitSeconds (60 s by default).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

from core.mongo.client import Client

_PREFIX = f"booking-{socket.gethostname()[:60]}-"


def app_name(pid: int | None = None) -> str:
    """Return the client's appName of process `pid`, by default this one; operations on the server show it."""
    return f"{_PREFIX}{pid or os.getpid()}"


def kill_transactions(client: Client, name: str) -> int:
    """Abort the open transactions of the dead process with the appName `name`; return their number."""
    return _kill(client, lambda app: app == name)


def kill_orphaned_transactions(client: Client) -> int:
    """Abort the open transactions of all dead processes of this host; return their number.

    A process that only seems dead, in another container with this host's name, repeats its transaction.
    """
    return _kill(client, _is_of_a_dead_process)


def _kill(client: Client, is_dead: Callable[[str], bool]) -> int:
    operations = client.admin.aggregate(
        [
            {"$currentOp": {"idleSessions": True, "allUsers": False}},
            {"$match": {"transaction": {"$exists": True}, "appName": {"$exists": True}, "lsid": {"$exists": True}}},
        ]
    )
    sessions = [{"id": operation["lsid"]["id"]} for operation in operations if is_dead(operation["appName"])]
    if sessions:
        client.admin.command({"killSessions": sessions})
    return len(sessions)


def _is_of_a_dead_process(name: str) -> bool:
    pid = name.removeprefix(_PREFIX)
    return name.startswith(_PREFIX) and pid.isdigit() and not _is_running(int(pid))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A process that prepares the database has no transaction open: its id was another process' before.
    return pid != os.getpid() and not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Return whether a process has ended, though its parent has not asked for its exit code; known on Linux only."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    # The state follows the command's name, which may contain parentheses.
    return stat.rpartition(")")[2].split()[0] == "Z"
