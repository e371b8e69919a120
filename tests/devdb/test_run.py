"""The command `devdb run`: database, keys, ready line, and the end of all its processes."""

from __future__ import annotations

import os
import pty
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core.config.settings import load_environment
from tests.conftest import ROOT, free_port
from tests.devdb.processes import (
    ANSWERING,
    SERVICE,
    WAITING,
    Spawn,
    has_ended,
    mongod_pid,
    printed_json,
    read_until,
    run_command,
)


def test_run_gives_the_service_a_database_and_stored_keys(spawn: Spawn, tmp_path: Path) -> None:
    command = run_command(tmp_path / "mongo", SERVICE)
    first = spawn(*command, "7")
    service = printed_json(first)
    assert first.wait() == 7
    assert f"Admin key (header X-Admin-Key): {service['ADMIN_KEY']}\n" in service["before"]
    assert service["MONGODB_URI"] in service["before"]
    assert service["SECRET_KEY"] not in service["before"]
    for name in ("admin_key", "secret_key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600

    second = spawn(*command, ADMIN_KEY="an-admin-key-that-is-set")
    again = printed_json(second)
    assert again["SECRET_KEY"] == service["SECRET_KEY"]
    assert (again["ADMIN_KEY"], "Admin key" in again["before"]) == ("an-admin-key-that-is-set", False)
    third = spawn(*command)
    refusal = third.communicate()[1]
    assert re.fullmatch(f"devdb: Process {second.pid} runs the database in .*; stop that one first.\n", refusal)
    assert third.returncode == 1

    second.send_signal(signal.SIGINT)
    output = second.communicate()[0]
    assert "the last word is written" in output  # The service had its database while it ended.
    assert second.returncode == 0


def test_run_names_the_pages_once_the_service_answers_and_not_before(spawn: Spawn, tmp_path: Path) -> None:
    port = free_port()
    is_ready = tmp_path / "is_ready"
    run = spawn(
        *run_command(tmp_path / "mongo", ANSWERING), str(is_ready), PORT=str(port), MONGODB_URI="mongodb://given"
    )
    before = read_until(run, "/api/ready")
    is_ready.touch()
    before += read_until(run, "Ready")
    *_, line = before.splitlines()

    address = f"http://127.0.0.1:{port}"
    assert line == f"Ready: {address}/ (booking), {address}/admin (back office), {address}/api/docs (API)"
    assert "http://" not in before.removesuffix(f"{line}\n")


@pytest.mark.parametrize(("setting", "expected"), [("", "console"), ("json", "json")])
def test_run_on_a_terminal_logs_for_a_console(tmp_path: Path, setting: str, expected: str) -> None:
    controller, terminal = pty.openpty()
    values = load_environment() | {"MONGODB_URI": "mongodb://given", "PORT": str(free_port()), "LOG_FORMAT": setting}
    command = [sys.executable, *run_command(tmp_path / "mongo", SERVICE), "0"]
    subprocess.run(command, check=True, cwd=ROOT, env=values, stdout=terminal)
    os.close(terminal)

    with os.fdopen(controller, "rb", buffering=0) as output:
        assert f'"LOG_FORMAT": "{expected}"' in output.read(65_536).decode()


def test_run_without_a_terminal_leaves_the_log_format_alone(spawn: Spawn, tmp_path: Path) -> None:
    service = printed_json(spawn(*run_command(tmp_path / "mongo", SERVICE), "0", MONGODB_URI="mongodb://given"))

    assert service["LOG_FORMAT"] == ""


def test_run_stops_the_service_with_a_sentence_when_the_database_dies(spawn: Spawn, tmp_path: Path) -> None:
    run = spawn(*run_command(tmp_path / "mongo", WAITING))
    service = printed_json(run)
    os.kill(mongod_pid(service["MONGODB_URI"]), signal.SIGKILL)
    output = run.communicate()[0]
    assert run.returncode == 1
    assert "The database ended by itself, so the service is stopped" in output
    assert has_ended(service["pid"])


def test_killed_run_takes_the_service_and_the_database_along(spawn: Spawn, tmp_path: Path) -> None:
    run = spawn(*run_command(tmp_path / "mongo", WAITING))
    service = printed_json(run)
    processes = [service["pid"], mongod_pid(service["MONGODB_URI"])]
    run.kill()
    assert all(map(has_ended, processes))


def test_run_with_a_given_database_starts_none_and_hides_its_password(spawn: Spawn, tmp_path: Path) -> None:
    given = "mongodb://shop:a-password@db.example/?replicaSet=rs0"
    run = spawn(*run_command(tmp_path / "mongo", SERVICE), "0", MONGODB_URI=given)
    service = printed_json(run)
    assert run.wait() == 0
    assert service["MONGODB_URI"] == given
    assert "Database: mongodb://***@db.example/" in service["before"] and "a-password" not in service["before"]
    assert not (tmp_path / "mongo").exists()


def test_run_without_a_command_or_with_an_unknown_one_is_refused(spawn: Spawn, tmp_path: Path) -> None:
    *options, _, _, _ = run_command(tmp_path / "mongo", "")
    without = spawn(*options)
    assert "a COMMAND is needed" in without.communicate()[1]
    assert without.returncode == 2
    unknown = spawn(*options, "/nowhere/service", MONGODB_URI="mongodb://given")
    assert "devdb: /nowhere/service cannot be run" in unknown.communicate()[1]
    assert unknown.returncode == 127
