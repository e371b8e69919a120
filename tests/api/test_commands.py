"""The operator's commands, run as the operator runs them: with the settings as they come."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import devdb
from core.mongo import Client
from tests import factories
from tests.conftest import ROOT, free_port

COMMANDS = [["init-db"], ["verify"], ["erase", "--email", "ada@example.org"], ["retain", "--days", "30"],
            ["letters", "send", "--once"]]  # fmt: skip


@pytest.fixture
def environment(replica_set: devdb.ReplicaSet, mongo: Client) -> dict[str, str]:
    """The settings of a service that counts its limits in the database, as is the default."""
    settings = factories.environment(replica_set.uri, RATE_LIMIT_STORAGE="")
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **settings}


def flask(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", *command],
        check=False, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60,
    )  # fmt: skip


def test_a_database_is_prepared_verified_and_found_to_drift(environment: dict[str, str], mongo: Client) -> None:
    db = mongo[environment["MONGODB_DATABASE"]]

    assert flask(environment, "init-db").returncode == 0
    assert flask(environment, "init-db").returncode == 0
    good = flask(environment, "verify")
    db.slots.insert_one({"_id": "slot-that-counts-wrong", "schedule": "x", "date": "2026-03-05", "day": "A",
                         "start": "10:00", "end": "11:00", "label": "10:00-11:00", "capacity": 4, "bookedCount": 2,
                         "closed": False})  # fmt: skip
    bad = flask(environment, "verify")
    mongo.drop_database(db.name)

    assert (good.returncode, bad.returncode) == (0, 1), good.stderr + bad.stderr
    assert "slot-that-counts-wrong" in bad.stdout
    assert "bookedCount=2" in bad.stdout


def test_letters_are_sent_by_a_command_alone(environment: dict[str, str], mongo: Client) -> None:
    assert flask(environment, "init-db").returncode == 0

    sent = flask(environment, "letters", "send", "--once")
    mongo.drop_database(environment["MONGODB_DATABASE"])

    assert sent.returncode == 0, sent.stderr
    assert sent.stdout.startswith("0 letters tried")


def test_settings_that_cannot_serve_are_all_named_at_once(tmp_path: Path) -> None:
    asked = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PORT": "none", "ADMIN_KEY": "short"}

    served = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"],
        check=False, capture_output=True, text=True, cwd=ROOT, env=asked, timeout=60,
    )  # fmt: skip

    assert served.returncode != 0
    for name in ("MONGODB_URI", "ADMIN_KEY", "SECRET_KEY", "PORT"):
        assert name in served.stderr
    assert "short" not in served.stderr


def test_a_database_that_is_no_replica_set_is_refused_with_a_sentence(tmp_path: Path) -> None:
    asked = factories.environment("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=500", WEB_CONCURRENCY="1")

    served = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"],
        check=False, capture_output=True, text=True, cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **asked}, timeout=60,
    )  # fmt: skip

    assert served.returncode != 0
    assert "replica set" in served.stderr
    assert "Traceback" not in served.stderr


def test_a_server_that_stands_alone_is_refused_and_told_why(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "db").mkdir()
    mongod = devdb.find_mongod(dict(os.environ), sys.path)
    alone = subprocess.Popen(
        [str(mongod), "--dbpath", str(tmp_path / "db"), "--port", str(port), "--bind_ip", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
    )
    asked = factories.environment(f"mongodb://127.0.0.1:{port}/")

    served = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"],
        check=False, capture_output=True, text=True, cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **asked}, timeout=60,
    )  # fmt: skip
    alone.kill()
    alone.wait()

    assert served.returncode != 0
    assert "not part of a replica set" in served.stderr
    assert "Traceback" not in served.stderr


def test_a_schedule_file_that_cannot_be_used_ends_every_command_as_it_ends_the_service(tmp_path: Path) -> None:
    march = (ROOT / "schedules" / "march_2026.toml").read_text(encoding="utf-8")
    (tmp_path / "broken.toml").write_text(march.replace("Europe/Berlin", "America/Newyork"), encoding="utf-8")
    given = factories.environment("mongodb://127.0.0.1:1/?replicaSet=rs0", SCHEDULE_FILE=str(tmp_path / "broken.toml"))
    asked = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **given}

    served = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"],
        check=False, capture_output=True, text=True, cwd=ROOT, env=asked, timeout=60,
    )  # fmt: skip
    ended = [flask(asked, *command) for command in COMMANDS]

    assert served.returncode == 2
    assert served.stderr.startswith("broken.toml, line ")
    assert {(command.returncode, command.stderr) for command in ended} == {(2, served.stderr)}


def test_every_command_ends_with_one_sentence_when_the_database_is_away(tmp_path: Path) -> None:
    given = factories.environment("mongodb://127.0.0.1:1/?replicaSet=rs0", RATE_LIMIT_STORAGE="")
    asked = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **given}

    with ThreadPoolExecutor(len(COMMANDS)) as at_once:
        ended = list(at_once.map(lambda command: flask(asked, *command), COMMANDS))

    for command, end in zip(COMMANDS, ended, strict=True):
        assert end.returncode == 2, command
        assert "atabase" in end.stderr, command
        assert end.stderr.count("\n") == 1, command
