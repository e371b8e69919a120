"""Installer of the make targets: virtual environment, Python packages, Debian packages.

`python -m devdb.install TARGET` runs on the system's Python before anything else is installed, so it imports
only the standard library.
"""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devdb import preflight, system_packages
from devdb.dotenv import read_settings
from devdb.errors import MongodMissing, SetupError
from devdb.mongod import find_mongod
from devdb.system_packages import Missing
from devdb.virtual_environment import VirtualEnvironment

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Target:
    """What a make target needs: a requirements file, free disk space in MB, and programs of this machine."""

    requirements: str
    megabytes: int
    mongod: bool = False
    browser: bool = False
    programs: tuple[tuple[str, str], ...] = ()  # pairs of a user and the program's name


TARGETS = {
    "run": Target("devdb", 700, mongod=True),
    "emails": Target("devdb", 700),
    "tools": Target("dev", 1200),
    "test": Target("dev", 1200, mongod=True, browser=True),
    "bench": Target("dev", 1200, mongod=True, programs=(("the bench", "wrk"),)),
    "test-bare": Target("dev", 1200, programs=(("the test of a bare machine", "debootstrap"),)),
}


def main(arguments: Sequence[str]) -> int:
    """Install what the make target needs and return the exit code."""
    try:
        install(arguments[0], ROOT)
    except (SetupError, MongodMissing) as reason:
        print(reason, file=sys.stderr)
        return 2
    return 0


def install(name: str, root: Path) -> None:
    """Install what the make target `name` needs into `root/.venv`; raise SetupError if this is not possible."""
    target = TARGETS[name]
    settings = read_settings(root / ".env")
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}.")
    if name == "run":
        _check_address(settings)
    environment = VirtualEnvironment(root / ".venv", root / "requirements")
    preflight.require_temporary_folder()
    if not environment.is_complete(target.requirements):
        preflight.require_writable(root)
        preflight.require_space(root, target.megabytes)
        with _lock(root / "var/install.lock"):
            environment.install(target.requirements)
    system_packages.install_packages(_missing(target, settings, environment))


def _check_address(settings: dict[str, str]) -> None:
    """Check the port before minutes of installation; `devdb run` validates both settings later."""
    port = settings.get("PORT", "").strip() or "8000"
    if port.isdecimal() and 0 < int(port) < 2**16:
        preflight.require_free_port(settings.get("HOST", "").strip() or "127.0.0.1", int(port))


def _missing(target: Target, settings: dict[str, str], environment: VirtualEnvironment) -> list[Missing]:
    """Return the missing Debian packages of a make target."""
    missing: list[Missing] = []
    if target.mongod and not settings.get("MONGODB_URI", "").strip():
        folders = [str(folder) for folder in environment.site_packages()]
        missing += system_packages.missing_libraries("mongod", find_mongod(settings, folders))
    if target.browser:
        for browser in ("chromium", "chromium-headless-shell"):
            missing += system_packages.missing_program("a browser test", browser)
        for folder in environment.site_packages():
            missing += system_packages.missing_libraries("Playwright's node", folder / "playwright/driver/node")
    for user, program in target.programs:
        missing += system_packages.missing_program(user, program)
    return missing


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    """Hold the lock of an installation; wait for another one in the same folder."""
    file.parent.mkdir(exist_ok=True)
    with file.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another make installs into this folder: waiting for it.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
