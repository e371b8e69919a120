"""Debian packages: finds the shared libraries and programs that are missing, and installs them as root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devdb.errors import SetupError

PACKAGE_OF_LIBRARY = {
    "libatomic.so.1": "libatomic1",
    "libcrypto.so.3": "libssl3",
    "libcurl.so.4": "libcurl4",
    "libgcc_s.so.1": "libgcc-s1",
    "liblzma.so.5": "liblzma5",
    "libssl.so.3": "libssl3",
    "libstdc++.so.6": "libstdc++6",
}
NOT_FOUND = re.compile(r"^\s*(\S+) => not found", re.MULTILINE)


@dataclass(frozen=True)
class Missing:
    """A shared library or a program that is missing; `package` is empty if no Debian package is known."""

    user: str
    name: str
    package: str

    def __str__(self) -> str:
        return f"{self.user} needs {self.name}"


def missing_libraries(user: str, program: Path) -> list[Missing]:
    """Return the shared libraries that `ldd` does not find for the program; none if there is no `ldd`."""
    if not shutil.which("ldd"):
        return []
    listing = subprocess.run(["ldd", str(program)], check=False, capture_output=True, text=True).stdout
    return [missing_library(user, name) for name in sorted(set(NOT_FOUND.findall(listing)))]


def missing_library(user: str, name: str) -> Missing:
    """Return the description of one library, as in ("mongod", "libcurl.so.4")."""
    return Missing(user, name, PACKAGE_OF_LIBRARY.get(name, ""))


def missing_program(user: str, name: str) -> list[Missing]:
    """Return the program, which has the name of its package, if it is not on the PATH."""
    return [] if shutil.which(name) else [Missing(user, name, package=name)]


def install_packages(missing: Sequence[Missing]) -> None:
    """Install the packages as root; otherwise raise SetupError with the command to type."""
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get") or not all(each.package for each in missing):
        raise SetupError(sentence(missing))
    packages = _packages(missing)
    print(f"Installing Debian packages: {' '.join(packages)} ({_reasons(missing)}).", flush=True)
    for command in (["update"], ["install", "-y", *packages]):
        _apt_get(command, missing)


def sentence(missing: Sequence[Missing]) -> str:
    """Return what is missing and the command that installs it."""
    packages = _packages(missing)
    if not packages:
        return f"{_reasons(missing)}, which this machine lacks; no Debian package with it is known."
    command = f"apt-get update && apt-get install -y {' '.join(packages)}"
    return f"{_reasons(missing)}, which this machine lacks. Type as root: {command}"


def _apt_get(command: Sequence[str], missing: Sequence[Missing]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", "-qq", *command], check=False, env=environment, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr, sep="", file=sys.stderr)
        raise SetupError(f"apt-get {command[0]} failed. {sentence(missing)}")


def _packages(missing: Sequence[Missing]) -> list[str]:
    return sorted({each.package for each in missing if each.package})


def _reasons(missing: Sequence[Missing]) -> str:
    return ", ".join(map(str, missing))
