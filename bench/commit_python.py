"""The interpreter of another commit: this one if it has the commit's libraries, else that of a virtual environment."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.git_worktree import CheckoutFailed
from core.config.settings import ROOT

REQUIREMENTS = "requirements/run.txt"
ENVIRONMENTS = ROOT / "var/bench"
PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
INSTALL_TIMEOUT_SECONDS = 600
# Written last, so that an interrupted installation is repeated.
COMPLETE = "complete"


def python_for(folder: Path, environments: Path = ENVIRONMENTS) -> str:
    """Return an interpreter with the libraries of a checkout. Raises CheckoutFailed.

    A checkout without pinned requirements gets this interpreter.
    """
    file = folder / REQUIREMENTS
    if not file.exists():
        return sys.executable
    text = file.read_text()
    differences = differing(pinned(text))
    if not differences:
        return sys.executable
    print(f"{REQUIREMENTS} of the commit differs: {'; '.join(differences)}", flush=True)
    environment = environments / f"venv-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if not (environment / COMPLETE).exists():
        _run(sys.executable, "-m", "venv", "--clear", str(environment))
        _run(str(environment / "bin/python"), "-m", "pip", "install", "--quiet", "-r", str(file))
        (environment / COMPLETE).touch()
    return str(environment / "bin/python")


def pinned(requirements: str) -> dict[str, str]:
    """Return the versions of a file of requirements by the library's name."""
    return dict(PINNED.findall(requirements))


def differing(versions: Mapping[str, str]) -> list[str]:
    """Return what is missing here, or is installed in another version."""
    differences = []
    for name, wanted in versions.items():
        found = _installed(name)
        if found != wanted:
            differences.append(f"{name} {wanted} instead of {found or 'none'}")
    return differences


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CheckoutFailed(f"the commit's requirements could not be installed: {error}") from error
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise CheckoutFailed(f"the commit's requirements could not be installed: {' '.join(reason)}")
