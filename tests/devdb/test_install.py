"""The installer: whole virtual environments, one installation at a time, refusals with one sentence."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

SYSTEM_PYTHON = getattr(sys, "_base_executable", sys.executable)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout whose requirements are empty and whose mongod exists, so that nothing is downloaded."""
    shutil.copytree(ROOT / "devdb", tmp_path / "devdb", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "requirements").mkdir()
    for name in ("run", "devdb", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").touch()
    program(tmp_path / "tools/mongod", "true")
    return tmp_path


def program(file: Path, script: str) -> None:
    """Write a shell script that can be run."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def start(root: Path, target: str = "letters", **settings: str) -> subprocess.Popen[str]:
    """Start the installer in the folder, with the programs in its `tools` first on the PATH."""
    values = {"PATH": f"{root / 'tools'}:{os.environ['PATH']}", "MONGODB_URI": "", "MONGOD": "", **settings}
    command = [SYSTEM_PYTHON, "-m", "devdb.install", target]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=root, env=os.environ | values, stdout=pipe, stderr=pipe, text=True)


def install(root: Path, target: str = "letters", **settings: str) -> tuple[int, str, str]:
    """Run the installer and return its exit code, output and errors."""
    process = start(root, target, **settings)
    output, errors = process.communicate(timeout=120)
    return process.returncode, output, errors


def has_pip(root: Path) -> bool:
    """Return whether pip can be started by Python and by its own script."""
    commands = ([f"{root}/.venv/bin/python", "-m", "pip", "--version"], [f"{root}/.venv/bin/pip", "--version"])
    return all(subprocess.run(command, check=False, capture_output=True).returncode == 0 for command in commands)


@pytest.fixture
def installed(root: Path) -> Path:
    """The checkout after a complete installation."""
    assert install(root)[0] == 0
    return root


def test_install_makes_a_whole_environment_and_then_does_nothing(root: Path) -> None:
    first = install(root)

    assert first[0] == 0, first
    assert first[1].startswith("Installing the Python packages of devdb.txt into ")
    assert has_pip(root)
    assert not (root / ".venv.unfinished").exists()
    assert "unfinished" not in (root / ".venv/bin/activate").read_text()
    assert install(root) == (0, "", "")


def test_changed_requirements_are_installed(installed: Path) -> None:
    (installed / "requirements/devdb.txt").write_text("# changed\n")

    assert install(installed)[1].startswith("Installing the Python packages")


@pytest.mark.parametrize("damage", ["no pip", "no python", "interrupted pip", "interrupted venv"])
def test_half_made_environment_is_made_again(installed: Path, damage: str) -> None:
    venv = installed / ".venv"
    (venv / "devdb.stamp").unlink()
    (venv / "left").touch()
    if damage == "no pip":
        shutil.rmtree(next(venv.glob("lib/python3*/site-packages/pip")))
    elif damage == "no python":
        (venv / "bin/python").unlink()
    elif damage == "interrupted pip":
        (venv / "unfinished").touch()
    else:
        venv.rename(installed / ".venv.unfinished")

    assert install(installed)[0] == 0
    assert has_pip(installed)
    assert not (venv / "left").exists()


def test_interrupted_installation_leaves_a_mark_and_no_stamp(installed: Path) -> None:
    (installed / "requirements/devdb.txt").write_text("no-such-file.whl\n")
    code, _, errors = install(installed)

    assert code == 2
    assert errors.endswith(f"pip could not install {installed}/requirements/devdb.txt.\n")
    assert (installed / ".venv/unfinished").exists()
    (installed / "requirements/devdb.txt").write_text("")
    assert install(installed)[0] == 0


@pytest.fixture
def locked(root: Path) -> Iterator[int]:
    """The lock of another installation into the checkout."""
    (root / "var").mkdir()
    with (root / "var/install.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def test_second_installation_waits_for_the_first_and_says_so(root: Path, locked: int) -> None:
    second = start(root)
    assert second.stdout is not None
    assert second.stdout.readline() == "Another make installs into this folder: waiting for it.\n"
    assert second.poll() is None
    assert not (root / ".venv").exists()

    fcntl.flock(locked, fcntl.LOCK_UN)

    assert second.communicate(timeout=120)[0].startswith("Installing the Python packages")
    assert second.returncode == 0


def test_two_installations_at_once_install_once(root: Path) -> None:
    outputs = [process.communicate(timeout=120)[0] for process in [start(root), start(root)]]

    assert "".join(outputs).count("Installing the Python packages") == 1


def test_install_for_run_on_a_taken_port_is_refused_first(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (root / ".env").write_text(f"# comment\nexport PORT='{port}'  # as in\n")
        sentence = f"Port {port} of 127.0.0.1 is in use by another program. Stop it, or set another PORT.\n"

        assert install(root, "run") == (2, "", sentence)
    assert not (root / ".venv").exists()
    assert not (root / "var").exists()


@pytest.mark.parametrize(
    ("disk", "sentence"),
    [
        ("ro", "{root} cannot be written to: Read-only file system.\n"),
        ("size=9m", "The disk of {root} is full: {free} MB are free, 700 MB are needed.\n"),
    ],
)
def test_install_in_an_unusable_folder_is_refused(root: Path, disk: str, sentence: str) -> None:
    copy = 'mount -t tmpfs disk /mnt; cp -r "$1"/* /mnt; mount -t tmpfs -o size=9m disk "$1"; cp -r /mnt/* "$1"; '
    script = f'set -e; {copy} mount -o remount,{disk} "$1"; cd "$1"; exec {SYSTEM_PYTHON} -m devdb.install letters'
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh", str(root)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip

    free = done.stderr.partition("full: ")[2].partition(" ")[0]
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == sentence.format(root=root, free=free)


def test_old_python_is_refused(root: Path) -> None:
    script = "import sys; sys.version_info = (3, 10); from devdb.install import main; raise SystemExit(main(['run']))"
    done = subprocess.run([SYSTEM_PYTHON, "-c", script], check=False, cwd=root, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Python 3.11 or newer is needed;")
