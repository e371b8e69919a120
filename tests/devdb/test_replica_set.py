"""Replica sets of devdb: writes, fail-overs, persistent data, and no process left behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from pymongo.errors import OperationFailure

from devdb.errors import FolderInUse, MongodMissing, NotReady
from devdb.replica_set import start_replica_set
from tests.devdb.processes import (
    OWNER,
    Spawn,
    becomes_true,
    has_ended,
    mongod_pid,
    printed_json,
    read_words,
    write_word,
)


def test_one_node_takes_writes_and_fail_points_and_leaves_no_files() -> None:
    with start_replica_set(test_commands=True) as replica_set:
        node = replica_set.primary()
        folder = replica_set.nodes[0].folder
        write_word(replica_set.uri, "hello")
        replica_set.fail_point("failCommand", "alwaysOn", {"failCommands": ["ping"], "errorCode": 50})
        with pytest.raises(OperationFailure, match="failpoint"):
            node.command({"ping": 1})
        replica_set.clear_fail_point("failCommand")
        assert node.command({"ping": 1})["ok"] == 1
        replica_set.step_down()
        assert not node.command({"hello": 1})["isWritablePrimary"]
        write_word(replica_set.uri, "again")
        assert read_words(replica_set.uri) == ["hello", "again"]
    assert not replica_set.alive()
    assert not folder.parent.exists()


def test_persistent_data_survives_a_stop_another_port_and_a_power_cut(tmp_path: Path) -> None:
    with start_replica_set(data=tmp_path) as first:
        write_word(first.uri, "before the stop")
    (tmp_path / "node0/port").write_text("0")
    with start_replica_set(data=tmp_path) as moved:
        assert moved.uri != first.uri
        write_word(moved.uri, "before the power cut")
        moved.nodes[0].kill()
        moved.nodes[0].restart()
        moved.nodes[0].kill()
    with start_replica_set(data=tmp_path) as last:
        assert last.uri == moved.uri
        assert read_words(last.uri) == ["before the stop", "before the power cut"]
        last.nodes[0].kill()  # Quicker than a clean stop.


def test_mongod_that_does_not_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "node0").mkdir()
    (tmp_path / "node0/storage.bson").write_text("this is not a database")
    with pytest.raises(NotReady, match=r"(?s)mongod ended with code \d+\..*mongod\.log:\n.*fassert"):
        start_replica_set(data=tmp_path)


def test_mongod_without_a_shared_library_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linker = "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    program = tmp_path / "mongod"
    program.write_text(f"#!/bin/sh\necho '{linker}: No such file or directory' >&2\nexit 127\n")
    program.chmod(0o755)
    monkeypatch.setenv("MONGOD", str(program))

    with pytest.raises(MongodMissing, match=r"^mongod needs libcurl\.so\.4, .* apt-get install -y libcurl4$"):
        start_replica_set(data=tmp_path / "data")


def test_killed_owner_takes_the_database_and_its_temporary_files_along(spawn: Spawn) -> None:
    owner = spawn("-c", OWNER, "supervised")
    database = printed_json(owner)
    mongod = mongod_pid(database["uri"])
    owner.kill()
    assert has_ended(mongod)
    assert becomes_true(lambda: not Path(database["folder"]).parent.exists())


def test_control_child_without_a_watchdog_outlives_its_owner(spawn: Spawn) -> None:
    owner = spawn("-c", OWNER, "alone")
    pid = printed_json(owner)["pid"]
    owner.kill()
    assert not has_ended(pid, seconds=0.5)
    os.kill(pid, signal.SIGKILL)


def test_killed_owner_has_a_successor_at_once_without_data_loss(spawn: Spawn, tmp_path: Path) -> None:
    owner = spawn("-c", OWNER, "supervised", tmp_path)
    write_word(printed_json(owner)["uri"], "acknowledged")
    with pytest.raises(FolderInUse, match=f"Process {owner.pid} runs the database in"):
        start_replica_set(data=tmp_path)
    owner.kill()
    owner.wait()
    with start_replica_set(data=tmp_path) as successor:
        assert read_words(successor.uri) == ["acknowledged"]
        successor.nodes[0].kill()  # Quicker than a clean stop.


def test_three_nodes_continue_without_a_paused_or_a_killed_primary() -> None:
    with start_replica_set(nodes=3) as replica_set:
        paused = replica_set.primary()
        paused.pause()
        write_word(replica_set.uri, "without the paused one")
        paused.resume()
        replica_set.wait_writable(acknowledged_by=3)
        killed = replica_set.primary()
        assert killed is not paused
        killed.kill()
        write_word(replica_set.uri, "without the killed one")
        assert not replica_set.alive()
        assert read_words(replica_set.uri) == ["without the paused one", "without the killed one"]
