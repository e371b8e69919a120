"""The installer: whole virtual environments, one installation at a time, refusals with one sentence."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devdb.virtual_environment import VirtualEnvironment
from tests.conftest import ROOT

SYSTEM_PYTHON = getattr(sys, "_base_executable", sys.executable)


def make_root(folder: Path) -> Path:
    """Make a checkout whose requirements are empty and whose mongod exists, so that nothing is downloaded."""
    shutil.copytree(ROOT / "devdb", folder / "devdb", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "requirements").mkdir()
    for name in ("run", "devdb", "dev"):
        (folder / "requirements" / f"{name}.txt").touch()
    program(folder / "tools/mongod", "true")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout before its first installation."""
    return make_root(tmp_path)


@pytest.fixture(scope="module")
def first_installation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[int, str, str]]:
    """A checkout after a complete installation, and the installer's exit code, output and errors."""
    folder = make_root(tmp_path_factory.mktemp("installed"))
    return folder, install(folder)


@pytest.fixture
def installed(first_installation: tuple[Path, tuple[int, str, str]], tmp_path: Path) -> Path:
    """A copy of a checkout after a complete installation."""
    return shutil.copytree(first_installation[0], tmp_path, symlinks=True, dirs_exist_ok=True)


def program(file: Path, script: str) -> None:
    """Write a shell script that can be run."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def start(root: Path, target: str = "emails", **settings: str) -> subprocess.Popen[str]:
    """Start the installer in the folder, with the programs in its `tools` first on the PATH."""
    values = {"PATH": f"{root / 'tools'}:{os.environ['PATH']}", "MONGODB_URI": "", "MONGOD": "", **settings}
    command = [SYSTEM_PYTHON, "-m", "devdb.install", target]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=root, env=os.environ | values, stdout=pipe, stderr=pipe, text=True)


def install(root: Path, target: str = "emails", **settings: str) -> tuple[int, str, str]:
    """Run the installer and return its exit code, output and errors."""
    process = start(root, target, **settings)
    output, errors = process.communicate(timeout=120)
    return process.returncode, output, errors


def has_pip(root: Path) -> bool:
    """Return whether pip can be started by Python and by its own script."""
    commands = ([f"{root}/.venv/bin/python", "-m", "pip", "--version"], [f"{root}/.venv/bin/pip", "--version"])
    return all(subprocess.run(command, check=False, capture_output=True).returncode == 0 for command in commands)


def test_install_makes_a_whole_environment_and_then_does_nothing(
    first_installation: tuple[Path, tuple[int, str, str]],
) -> None:
    folder, (code, output, errors) = first_installation

    assert (code, errors) == (0, "")
    assert output == f"Installing the Python packages of devdb.txt into {folder}/.venv; this can take minutes.\n"
    assert has_pip(folder)
    assert not (folder / ".venv.unfinished").exists()
    assert "unfinished" not in (folder / ".venv/bin/activate").read_text()
    assert install(folder) == (0, "", "")


def remove_pip(venv: Path) -> None:
    shutil.rmtree(next(venv.glob("lib/python3*/site-packages/pip")))


def remove_python(venv: Path) -> None:
    (venv / "bin/python").unlink()


def interrupt_pip(venv: Path) -> None:
    (venv / "unfinished").touch()


def remove_all(venv: Path) -> None:
    shutil.rmtree(venv)


@pytest.mark.parametrize("damage", [remove_pip, remove_python, interrupt_pip, remove_all])
def test_environment_is_whole_until_it_is_damaged(installed: Path, damage: Callable[[Path], None]) -> None:
    environment = VirtualEnvironment(installed / ".venv", installed / "requirements")
    assert environment.is_whole()

    damage(environment.folder)

    assert not environment.is_whole()


def test_half_made_environment_is_made_again(installed: Path) -> None:
    venv = installed / ".venv"
    (venv / "devdb.stamp").unlink()
    (venv / "left").touch()
    shutil.copytree(venv, installed / ".venv.unfinished", symlinks=True)
    remove_pip(venv)

    assert install(installed)[0] == 0
    assert has_pip(installed)
    assert not (venv / "left").exists()
    assert not (installed / ".venv.unfinished").exists()


def test_interrupted_installation_is_marked_and_not_complete(installed: Path) -> None:
    requirements = installed / "requirements/devdb.txt"
    requirements.write_text("no-such-file.whl\n")
    code, _, errors = install(installed)

    assert code == 2
    assert errors.endswith(f"pip could not install {requirements}.\n")
    environment = VirtualEnvironment(installed / ".venv", installed / "requirements")
    assert not environment.is_complete("devdb")
    assert not environment.is_whole()


@pytest.fixture
def outdated(installed: Path) -> Path:
    """A checkout whose requirements changed after its installation."""
    (installed / "requirements/devdb.txt").write_text("# changed\n")
    return installed


def test_changed_requirements_are_installed_by_one_of_two_installers(outdated: Path) -> None:
    outputs = [process.communicate(timeout=120)[0] for process in [start(outdated), start(outdated)]]

    assert "".join(outputs).count("Installing the Python packages") == 1


def test_second_installation_waits_for_the_first_and_says_so(outdated: Path) -> None:
    with (outdated / "var/install.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = start(outdated)
        assert second.stdout is not None
        assert second.stdout.readline() == "Another make installs into this folder: waiting for it.\n"
        assert second.poll() is None

        fcntl.flock(lock, fcntl.LOCK_UN)

    assert second.communicate(timeout=120)[0].startswith("Installing the Python packages")
    assert second.returncode == 0


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
    script = f'set -e; {copy} mount -o remount,{disk} "$1"; cd "$1"; exec {SYSTEM_PYTHON} -m devdb.install emails'
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


@pytest.mark.parametrize(
    ("target", "settings", "packages"),
    [
        ("run", {}, "libcurl4"),
        ("run", {"MONGODB_URI": "mongodb://given"}, ""),
        ("emails", {}, ""),
        ("tools", {}, ""),
        ("test", {}, "chromium chromium-headless-shell libatomic1 libcurl4"),
        ("bench", {}, "libcurl4 wrk"),
        ("test-bare", {}, "debootstrap"),
    ],
)
def test_install_asks_apt_for_what_the_target_needs(
    installed: Path, target: str, settings: dict[str, str], packages: str
) -> None:
    shutil.copy(installed / ".venv/devdb.stamp", installed / ".venv/dev.stamp")  # both files are empty
    listing = 'case $1 in */node) name=libatomic.so.1;; *) name=libcurl.so.4;; esac; echo "$name => not found"'
    program(installed / "tools/ldd", listing)
    program(installed / "tools/apt-get", f'echo "$@" >>{installed}/calls')
    # The whole PATH: no program of this machine is on it.
    code, output, errors = install(installed, target, PATH=str(installed / "tools"), **settings)

    assert (code, errors) == (0, "")
    calls = f"-qq update\n-qq install -y {packages}\n" if packages else ""
    assert (installed / "calls").exists() == bool(packages)
    assert not packages or (installed / "calls").read_text() == calls
    assert output.startswith(f"Installing Debian packages: {packages} (") == bool(packages)


def test_readme_names_every_debian_package_that_a_bare_machine_needs() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    packages = ["libatomic1", "libcurl4", "chromium", "chromium-headless-shell"]

    assert [package for package in packages if f"`{package}`" not in text] == []
    assert "    apt-get install -y python3.11-venv make git\n" in text
