"""The operator's commands, run as the operator runs them: with the settings as they come."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pymongo import MongoClient

import wiring
from core.mongo.client import Client, Db
from core.mongo.failures import DatabaseError
from devdb.mongod import find_mongod
from devdb.replica_set import ReplicaSet
from schedules import startup_checks
from tests import factories
from tests.api_client import Api
from tests.conftest import ROOT, free_port, serving
from tests.forked_processes import run_flask

COMMANDS = [["init-db"], ["verify"], ["erase", "--email", "ada@example.org"], ["retain", "--days", "30"],
            ["letters", "send", "--once"]]  # fmt: skip


@pytest.fixture
def environment(replica_set: ReplicaSet, mongo: Client) -> dict[str, str]:
    """The settings of a service that counts its limits in the database, as is the default."""
    settings = factories.environment(replica_set.uri, RATE_LIMIT_STORAGE="")
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **settings}


def test_a_database_is_prepared_verified_and_found_to_drift(environment: dict[str, str], mongo: Client) -> None:
    db = mongo[environment["MONGODB_DATABASE"]]

    assert run_flask(environment, "init-db").returncode == 0
    assert run_flask(environment, "init-db").returncode == 0
    good = run_flask(environment, "verify")
    db.slots.insert_one({"_id": "slot-that-counts-wrong", "schedule": "x", "date": "2026-03-05", "day": "A",
                         "start": "10:00", "end": "11:00", "label": "10:00-11:00", "capacity": 4, "bookedCount": 2,
                         "closed": False})  # fmt: skip
    bad = run_flask(environment, "verify")
    mongo.drop_database(db.name)

    assert (good.returncode, bad.returncode) == (0, 1), good.stderr + bad.stderr
    assert "slot-that-counts-wrong" in bad.stdout
    assert "bookedCount=2" in bad.stdout


def test_send_command_sends_emails_without_a_service(environment: dict[str, str], mongo: Client) -> None:
    assert run_flask(environment, "init-db").returncode == 0

    sent = run_flask(environment, "letters", "send", "--once")
    mongo.drop_database(environment["MONGODB_DATABASE"])

    assert sent.returncode == 0, sent.stderr
    assert sent.stdout.startswith("0 e-mails tried")


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


def test_standalone_server_is_refused_with_the_reason(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "db").mkdir()
    mongod = find_mongod(dict(os.environ), sys.path)
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


def test_commands_with_an_invalid_schedule_file_end_as_the_service_does(tmp_path: Path) -> None:
    march = (ROOT / "schedules" / "march_2026.toml").read_text(encoding="utf-8")
    (tmp_path / "broken.toml").write_text(march.replace("Europe/Berlin", "America/Newyork"), encoding="utf-8")
    given = factories.environment("mongodb://127.0.0.1:1/?replicaSet=rs0", SCHEDULE_FILE=str(tmp_path / "broken.toml"))
    asked = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **given}

    served = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"],
        check=False, capture_output=True, text=True, cwd=ROOT, env=asked, timeout=60,
    )  # fmt: skip
    # Whichever command it is, the application is made first.
    ended = [run_flask(asked, "verify"), run_flask(asked, "letters", "send", "--once")]

    assert served.returncode == 2
    assert served.stderr.startswith("broken.toml, line ")
    assert {(command.returncode, command.stderr) for command in ended} == {(2, served.stderr)}


def test_commands_with_an_invalid_database_url_end_without_quoting_it(tmp_path: Path) -> None:
    given = factories.environment("mongodb://guest:hidden@a,b/?directConnection=true")
    asked = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **given}

    served = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"],
        check=False, capture_output=True, text=True, cwd=ROOT, env=asked, timeout=60,
    )  # fmt: skip
    ended = run_flask(asked, "verify")

    assert (served.returncode, ended.returncode) == (2, 2)
    assert ended.stderr == served.stderr
    assert ended.stderr.startswith("MONGODB_URI cannot be used")
    assert "hidden" not in ended.stderr


def test_every_command_ends_with_one_sentence_when_the_database_is_away(tmp_path: Path) -> None:
    given = factories.environment("mongodb://127.0.0.1:1/?replicaSet=rs0", RATE_LIMIT_STORAGE="")
    asked = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **given}

    with ThreadPoolExecutor(len(COMMANDS)) as at_once:
        ended = list(at_once.map(lambda command: run_flask(asked, *command), COMMANDS))

    for command, end in zip(COMMANDS, ended, strict=True):
        assert end.returncode == 2, command
        assert "atabase" in end.stderr, command
        assert end.stderr.count("\n") == 1, command


# A schedule file that was changed under its bookings


@pytest.fixture
def shorter(tmp_path: Path) -> str:
    """The schedule of March without its last date, and without the last hour of the days A."""
    march = (ROOT / "schedules" / "march_2026.toml").read_text(encoding="utf-8")
    changed = march.replace("UNTIL=20260331", "UNTIL=20260330").replace('end = "19:00"', 'end = "18:00"')
    (tmp_path / "shorter.toml").write_text(changed, encoding="utf-8")
    return str(tmp_path / "shorter.toml")


@pytest.fixture
def booked_slots(api: Api) -> list[dict[str, Any]]:
    """Slots with one booking each: on a date that `shorter` lacks, at an hour that it lacks, and one that it has."""
    slots = [api.slots("2026-03-31")[2], api.slots("2026-03-05")[-1], api.slots("2026-03-05")[0]]
    assert [api.book(slot).status for slot in slots] == [201, 201, 201]
    return slots


def test_verify_lists_orphaned_slots_and_counts_them_as_no_drift(
    booked_slots: list[dict[str, Any]], make_app: Callable[..., Flask], app: Flask, db: Db, shorter: str
) -> None:
    changed = make_app(SCHEDULE_FILE=shorter, MONGODB_DATABASE=db.name)
    verified = changed.test_cli_runner().invoke(args=["verify"])
    notes = [line for line in verified.stdout.splitlines() if line.startswith("note: ")]

    assert verified.exit_code == 0
    assert [line.split()[2] for line in notes] == [booked_slots[1]["_id"], booked_slots[0]["_id"]]
    assert "on 2026-03-05, 18:00-19:00, has bookings (1)" in notes[0]
    assert "note" not in app.test_cli_runner().invoke(args=["verify"]).stdout

    db.slots.update_one({"_id": booked_slots[0]["_id"]}, {"$set": {"schedule": "of another event"}})
    assert changed.test_cli_runner().invoke(args=["verify"]).stdout.count("note: ") == 1


def test_a_slot_whose_hours_have_another_end_is_noted_too(
    booked_slots: list[dict[str, Any]], make_app: Callable[..., Flask], db: Db, tmp_path: Path
) -> None:
    march = (ROOT / "schedules" / "march_2026.toml").read_text(encoding="utf-8")
    (tmp_path / "halves.toml").write_text(march.replace("slot_minutes = 60", "slot_minutes = 30"), encoding="utf-8")
    changed = make_app(SCHEDULE_FILE=str(tmp_path / "halves.toml"), MONGODB_DATABASE=db.name)

    verified = changed.test_cli_runner().invoke(args=["verify"])

    assert verified.exit_code == 0
    assert {slot["_id"] for slot in booked_slots} <= set(verified.stdout.split())


def test_service_logs_orphaned_slots_at_its_start(
    booked_slots: list[dict[str, Any]], replica_set: ReplicaSet, db: Db, shorter: str, tmp_path: Path
) -> None:
    assert len(booked_slots) == 3
    with serving(replica_set.uri, tmp_path, MONGODB_DATABASE=db.name, SCHEDULE_FILE=shorter) as running:
        lines = [json.loads(line) for line in running.log.read_text().splitlines() if "orphaned_slots" in line]
    # In a folder of its own: a service on the same port would have the same log file.
    (tmp_path / "unchanged").mkdir()
    with serving(replica_set.uri, tmp_path / "unchanged", MONGODB_DATABASE=db.name) as unchanged:
        assert "orphaned_slots" not in unchanged.log.read_text()

    assert [(line["level"], line["count"], line["dates"]) for line in lines] == [
        ("warning", 2, ["2026-03-05", "2026-03-31"])
    ]


def test_service_starts_when_orphaned_slots_cannot_be_read(services: wiring.Services) -> None:
    with MongoClient[dict[str, Any]]("mongodb://127.0.0.1:1/", serverSelectionTimeoutMS=20) as away:
        with pytest.raises(DatabaseError):
            away["nowhere"].slots.find_one({})

        startup_checks.warn_about_orphaned_slots(away["nowhere"], services.schedules.schedule)
