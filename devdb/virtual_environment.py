"""Virtual environment: created under another name and moved, so that a half-made one is never used."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from devdb import system_packages
from devdb.errors import SetupError
from devdb.system_packages import Missing

INCLUDED = {"dev": ("dev", "devdb"), "devdb": ("devdb",)}  # the tests' packages include those of `make run`
PIP = ("install", "--disable-pip-version-check", "--quiet", "--quiet", "--require-hashes", "-r")


@dataclass(frozen=True)
class VirtualEnvironment:
    """A virtual environment in `folder`, with packages of files in the folder `requirements`."""

    folder: Path
    requirements: Path

    @property
    def python(self) -> Path:
        """The Python program of the environment."""
        return self.folder / "bin/python"

    def is_complete(self, name: str) -> bool:
        """Return whether every package of this requirements file was installed."""
        stamp = self._stamp(name)
        return os.access(self.python, os.X_OK) and stamp.exists() and stamp.read_text() == self._digest(name)

    def is_whole(self) -> bool:
        """Return whether the environment can be used: it has Python and pip, and no interrupted installation."""
        if self._unfinished.exists() or not os.access(self.python, os.X_OK):
            return False
        return subprocess.run([self.python, "-c", "import pip"], check=False, capture_output=True).returncode == 0

    def site_packages(self) -> list[Path]:
        """Return the folders with the installed packages."""
        return sorted(self.folder.glob("lib/python3*/site-packages"))

    def install(self, name: str) -> None:
        """Install the packages of a requirements file, into a new environment unless there is a whole one."""
        if self.is_complete(name):  # Another process installed it while this one waited.
            return
        if not self.is_whole():
            self._create()
        file = self.requirements / f"{name}.txt"
        print(f"Installing the Python packages of {file.name} into {self.folder}; this can take minutes.", flush=True)
        self._unfinished.touch()
        done = subprocess.run([self.python, "-m", "pip", *PIP, file], check=False)
        if done.returncode:
            raise SetupError(f"pip could not install {file}.")
        for included in INCLUDED[name]:
            self._stamp(included).write_text(self._digest(included))
        self._unfinished.unlink()

    @property
    def _unfinished(self) -> Path:
        """The file that exists while pip runs, and remains if pip is interrupted."""
        return self.folder / "unfinished"

    def _create(self) -> None:
        """Create an environment under another name, then move it to its folder."""
        _require_ensurepip()
        temporary = self.folder.with_name(f"{self.folder.name}.unfinished")
        _remove(temporary)
        command = [sys.executable, "-m", "venv", "--prompt", self.folder.name, str(temporary)]
        done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
        if done.returncode:
            raise SetupError(f"No virtual environment could be made in {self.folder}.")
        for script in [temporary / "pyvenv.cfg", *(temporary / "bin").iterdir()]:
            _replace_path(script, temporary, self.folder)
        _remove(self.folder)
        temporary.rename(self.folder)

    def _stamp(self, name: str) -> Path:
        """Return the file that holds the digest of the installed requirements file."""
        return self.folder / f"{name}.stamp"

    def _digest(self, name: str) -> str:
        return hashlib.sha256((self.requirements / f"{name}.txt").read_bytes()).hexdigest()


def _require_ensurepip() -> None:
    """Install Debian's package with ensurepip if this Python lacks it."""
    if importlib.util.find_spec("ensurepip"):
        return
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    package = f"{version}-venv"
    system_packages.install_packages([Missing("make", package, package)])
    importlib.invalidate_caches()


def _replace_path(script: Path, old: Path, new: Path) -> None:
    """Replace the path of the environment in a script, which names its interpreter."""
    if script.is_symlink() or not script.is_file():
        return
    content = script.read_bytes()
    if bytes(old) in content:
        script.write_bytes(content.replace(bytes(old), bytes(new)))


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)
