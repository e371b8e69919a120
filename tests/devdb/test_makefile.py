"""The make targets: exit code 2 and one sentence for what the machine lacks."""

from __future__ import annotations

import os
import socket
import subprocess

from tests.conftest import ROOT

EXPORTED_BY_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "PYTHON", "PORT", "JOBS", "TESTS"}


def make(*arguments: str) -> tuple[int, str, list[str]]:
    """Run make at the root of the repository and return exit code, output, and errors without make's own line.

    A make that runs the tests exports its flags and its level. They are removed, as a nested make prints directories.
    """
    environment = {name: value for name, value in os.environ.items() if name not in EXPORTED_BY_MAKE}
    done = subprocess.run(
        ["make", *arguments], check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, [line for line in done.stderr.splitlines() if not line.startswith("make")]


def test_make_run_on_a_taken_port_ends_with_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        sentence = f"Port {port} of 127.0.0.1 is in use by another program. Stop it, or set another PORT."

        assert make("run", f"PORT={port}") == (2, "", [sentence])


def test_make_without_python_ends_with_the_command_to_type() -> None:
    sentence = "Python 3.11 is needed. Type as root: apt-get update && apt-get install -y python3.11-venv"

    assert make("test", "PYTHON=/nowhere/python") == (2, "", [sentence])
