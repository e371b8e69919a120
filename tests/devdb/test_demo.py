"""The demo of `devdb run --demo`: in a new database of its own, and in no other one."""

from __future__ import annotations

import sys
from pathlib import Path

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests.devdb.processes import Spawn, printed_json

COUNT = """
import json, os, pymongo
db = pymongo.MongoClient(os.environ["MONGODB_URI"])[os.environ.get("MONGODB_DATABASE") or "booking"]
print(json.dumps({"events": db["events"].count_documents({})}), flush=True)
db["events"].delete_many({})
"""


def events_of(spawn: Spawn, data: Path, **settings: str) -> int:
    process = spawn("-m", "devdb", "run", "--demo", "--data", data, "--", sys.executable, "-c", COUNT, **settings)
    found: int = printed_json(process)["events"]
    assert process.wait(30) == 0
    return found


def test_demo_is_loaded_into_a_new_database_alone(
    spawn: Spawn, tmp_path: Path, replica_set: ReplicaSet, mongo: Client
) -> None:
    data = tmp_path / "mongo"

    new = events_of(spawn, data)
    old = events_of(spawn, data)
    named = events_of(spawn, tmp_path / "other", MONGODB_URI=replica_set.uri, MONGODB_DATABASE="t_demo_of_run")
    mongo.drop_database("t_demo_of_run")

    assert (new, old, named) == (6, 0, 0)
