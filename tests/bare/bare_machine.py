"""The two commands on a bare machine: a Debian 12 with nothing but make, git and Python.

`make test-bare` runs this file, as root; `make test` does not collect it because of its name. It needs Debian's
and Python's registries, and takes minutes. It tries the last commit, which a newcomer would clone.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from tests.bare.minimal_root import USER, MinimalRoot
from tests.conftest import ROOT, free_port

FOLDER = ROOT / "var/bare"
PREREQUISITES = re.compile(r"^    apt-get install -y (.+)$", re.MULTILINE)
INSTALL = "which this machine lacks. Type as root: apt-get update && apt-get install -y"
BROWSER_TEST = "tests/browser/test_journeys.py -k by_mouse"


@pytest.fixture(scope="module")
def root() -> Iterator[MinimalRoot]:
    """A minimal Debian with make, git and a Python that has no venv; with a clone for root and one for a user."""
    if os.geteuid() != 0:
        pytest.exit("make test-bare needs root: a minimal Debian is made with debootstrap and mounts.", 2)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.parent.mkdir(exist_ok=True)
    minimal = MinimalRoot(FOLDER)
    try:
        with timed("a minimal Debian"):
            minimal.create()
            minimal.install("make", "git", "python3.11")
        clone_for_both(minimal)
        yield minimal
    finally:
        shutil.rmtree(FOLDER)


def clone_for_both(minimal: MinimalRoot) -> None:
    """Clone the last commit into the homes of root and of the user."""
    subprocess.run(["git", "clone", "--quiet", "--bare", ROOT, FOLDER / "srv/booking.git"], check=True)
    minimal.run("chown -R root:root /srv/booking.git").check_returncode()
    for user, home in (("root", "/root"), (USER, f"/home/{USER}")):
        trusted = "git config --global --add safe.directory '*'"
        minimal.run(f"{trusted} && git clone --quiet /srv/booking.git booking", user, home).check_returncode()


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block took."""
    start = time.monotonic()
    yield
    print(f"\n{what}: {time.monotonic() - start:.0f} s")


@contextmanager
def figures(what: str, root: MinimalRoot) -> Iterator[set[str]]:
    """Print how long the block took and how many packages it added; they are in the set afterwards."""
    before = root.packages()
    added: set[str] = set()
    with timed(what):
        yield added
    added |= root.packages() - before
    print(f"{what}: {len(before)} packages before, {len(added)} added")


def prerequisites() -> str:
    """Return the packages that the README says to install."""
    found = PREREQUISITES.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert found
    return found[1]


def make(root: MinimalRoot, target: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    """Run a make target in the user's clone."""
    return root.run(f"make {target}", user, folder_of(user))


def folder_of(user: str) -> str:
    """Return the user's clone."""
    return "/root/booking" if user == "root" else f"/home/{user}/booking"


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Return the sentence of a refused target; make adds a line of its own."""
    assert done.returncode == 2, (done.stdout, done.stderr)
    *_, sentence, from_make = done.stderr.splitlines()
    assert from_make.startswith("make: ***")
    return sentence


def ready_line(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Return the line that names the pages, and all that was printed before it."""
    assert process.stdout is not None
    before = ""
    for line in process.stdout:
        if line.startswith("Ready"):
            return line, before
        before += line
    raise AssertionError(before)


def serves(root: MinimalRoot, user: str) -> str:
    """Start `make run`, open the pages that it names, stop it, and return what it printed before."""
    port = free_port()
    process = root.start(f"PORT={port} exec make run", user, folder_of(user))
    try:
        line, before = ready_line(process)
        for path in ("/", "/admin", "/api/docs"):
            address = f"http://127.0.0.1:{port}{path}"
            assert f"{address} (" in line
            assert requests.get(address, timeout=10).status_code == 200
    finally:
        process.kill()
        process.communicate()
    return before


def test_root_has_nothing_that_the_commands_install(root: MinimalRoot) -> None:
    assert not root.packages() & {"libcurl4", "libatomic1", "chromium", "python3.11-venv"}


def test_run_without_venv_names_its_package_to_a_user(root: MinimalRoot) -> None:
    sentence = refusal(make(root, "run", USER))

    assert sentence == f"make needs python3.11-venv, {INSTALL} python3.11-venv"


def test_run_without_libraries_names_their_package_to_a_user(root: MinimalRoot) -> None:
    root.install(prerequisites())
    with figures("make run as a user, refused", root) as added:
        sentence = refusal(make(root, "run", USER))

    assert sentence == f"mongod needs libcurl.so.4, {INSTALL} libcurl4"
    assert added == set()


def test_test_without_libraries_and_browser_names_them_to_a_user(root: MinimalRoot) -> None:
    with figures("make test as a user, refused", root) as added:
        sentence = refusal(make(root, "test", USER))

    assert sentence.endswith(f"{INSTALL} chromium chromium-headless-shell libatomic1 libcurl4")
    assert added == set()


def test_run_by_root_installs_what_is_missing_and_serves(root: MinimalRoot) -> None:
    with figures("make run as root, until its pages answer", root) as added:
        before = serves(root, "root")

    assert "Installing Debian packages: libcurl4 (mongod needs libcurl.so.4).\n" in before
    assert "libcurl4" in added


def test_run_by_a_user_serves_once_the_packages_are_there(root: MinimalRoot) -> None:
    with timed("make run as a user, until its pages answer"):
        serves(root, USER)


def test_test_by_root_installs_what_is_missing_and_drives_a_browser(root: MinimalRoot) -> None:
    with figures(f"make test as root, {BROWSER_TEST}", root) as added:
        done = make(root, f"test JOBS=1 TESTS='{BROWSER_TEST}'")

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert "Installing Debian packages: chromium chromium-headless-shell libatomic1 (" in done.stdout
    assert {"libatomic1", "chromium"} <= added
    assert " passed" in done.stdout
    size = subprocess.run(["du", "-sm", FOLDER], check=True, capture_output=True, text=True).stdout.split()[0]
    print(f"the root: {size} MB")
