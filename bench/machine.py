"""The machine, its load average and all software versions, for the results file."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.system_specs import EXPRESS_FOLDER
from bench.systems import Workspace

LIBRARIES = ("flask", "gunicorn", "gevent", "pymongo", "marshmallow", "flask-limiter", "flask-smorest")
EXPRESS_LIBRARIES = ("express", "mongoose", "zod", "pino")


def describe_machine(workspace: Workspace) -> dict[str, Any]:
    """Return what the values depend on: the machine, its load at this moment, the versions."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "system": platform.platform()},
        "loadAverage": os.getloadavg(),
        "versions": {
            "python": platform.python_version(),
            "mongod": workspace.client.server_info()["version"],
            "node": _first_line("node", "--version"),
            "wrk": _first_line("wrk", "-v").split(" [")[0],
            **{name: version(name) for name in LIBRARIES},
            **{name: _node_library_version(name) for name in EXPRESS_LIBRARIES},
        },
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists() and (found := re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text())):
        return found[1]
    return platform.processor()


def _first_line(*command: str) -> str:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=10)
    except OSError:
        return "-"
    return (done.stdout or done.stderr).strip().splitlines()[0]


def _node_library_version(name: str) -> str:
    package = EXPRESS_FOLDER / "node_modules" / name / "package.json"
    return str(json.loads(package.read_text())["version"]) if package.exists() else "-"
