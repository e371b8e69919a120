"""ForkServer process: has the libraries of the service loaded, and forks a process for each service or command.

Loading the libraries is most of what a start costs. The code of this repository is loaded by each process itself;
templates are compiled by the first process that shows them.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# What reads the environment when it is loaded is not in this list: gunicorn's arbiter, and prometheus_client.
LIBRARIES = (
    "argon2", "authlib.integrations.requests_client", "babel.dates", "email_validator", "flask", "flask_cors",
    "flask_limiter", "flask_smorest", "fpdf", "gevent.pywsgi", "icalendar", "iso4217", "jwt", "limits.aio",
    "marshmallow", "msgspec", "phonenumbers", "pymongo", "requests", "resend", "segno", "simple_websocket", "socketio",
    "structlog",
)  # fmt: skip
# The functions of the operating system, before gevent replaces them.
FORK = os.fork
WAITPID = os.waitpid


def serve(requests: socket.socket) -> None:
    """Fork a process for every request, and answer its id; end when the other side is closed."""
    while request := _receive(requests):
        pid = fork(request, requests)
        requests.sendall(f"{pid}\n".encode())


def fork(request: dict[str, Any], requests: socket.socket) -> int:
    """Return the id of a new process without a parent here: the nearest subreaper above adopts it."""
    readable, writable = os.pipe()
    middle = FORK()
    if middle == 0:
        pid = FORK()
        if pid == 0:
            requests.close()
            os.close(readable)
            os.close(writable)
            run(request)
        os.write(writable, str(pid).encode())
        os._exit(0)
    os.close(writable)
    WAITPID(middle, 0)
    pid = int(os.read(readable, 20))
    os.close(readable)
    return pid


def run(request: dict[str, Any]) -> None:
    """Become the process of a request; does not return."""
    status = 1
    try:
        _redirect(request)
        os.environ.clear()
        os.environ.update(request["environment"])
        time.tzset()
        sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
        sys.argv[1:] = request["arguments"]
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = _status(end)
    except BaseException:  # boundary: a process ends here
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _status(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code
    print(end.code, file=sys.stderr)
    return 1


def _redirect(request: dict[str, Any]) -> None:
    """Read nothing, and write where the request says."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "stdout"), (2, "stderr")):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        os.dup2(os.open(request[name], flags, 0o644), number)


def _receive(requests: socket.socket) -> dict[str, Any]:
    received = b""
    while not received.endswith(b"\n"):
        chunk = os.read(requests.fileno(), 65_536)
        if not chunk:
            return {}
        received += chunk
    request: dict[str, Any] = json.loads(received)
    return request


if __name__ == "__main__":
    channel = socket.socket(fileno=int(sys.argv[1]))
    if sys.argv[2] == "patched":
        from gevent import monkey

        monkey.patch_all()
    for library in LIBRARIES:
        importlib.import_module(library)
    from tests import compiled_templates

    with tempfile.TemporaryDirectory() as folder:
        compiled_templates.install(Path(folder))
        serve(channel)
