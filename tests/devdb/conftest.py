"""Fixtures: programs at the root of the repository, ended with the test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config.settings import load_environment
from tests.conftest import ROOT, free_port
from tests.devdb.processes import Spawn


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Start Python programs at the root of the repository on a free port, and end them with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path, before: tuple[str, ...] = (), **settings: str) -> subprocess.Popen[str]:
        values = {"MONGODB_URI": "", "ADMIN_KEY": "", "SECRET_KEY": "", "LOG_FORMAT": "", "PORT": str(free_port())}
        command = [*before, sys.executable, *map(str, arguments)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command, cwd=ROOT, env={**load_environment(), **values, **settings}, stdout=pipe, stderr=pipe, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
