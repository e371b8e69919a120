"""Prepared databases that tests have one after the other: making one costs 450 ms of a core, emptying one 10 ms."""

from __future__ import annotations

import hashlib
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

import wiring
from core.mongo.client import Client, Db

# Databases rest this many turns before another test has them, for what its last test may still be writing.
RESTING = 4
EMPTYING_SECONDS = 2.0
# What many tests read to see what their commands examined; profiling makes it, at its start.
PROFILE = "system.profile"
# What `dbHash` says of a collection without documents.
NO_DOCUMENTS = hashlib.md5(b"", usedforsecurity=False).hexdigest()


@dataclass
class Databases:
    """Hands out databases that are empty and shaped as new; what a test has reshaped is not handed out again."""

    mongo: Client
    drop: Callable[[str], object]
    resting: deque[str] = field(default_factory=deque)
    new: dict[str, Any] = field(default_factory=dict)

    def take(self) -> str:
        """Return the name of a database that no test uses, prepared and empty."""
        while len(self.resting) > RESTING:
            name = self.resting.popleft()
            if self._emptied(self.mongo[name]):
                return name
            self.drop(name)
        name = f"t{uuid.uuid4().hex[:16]}"
        wiring.prepare_database(self.mongo[name])
        self.new = self.new or shape(self.mongo[name])
        return name

    def give_back(self, name: str) -> None:
        """Take back a database, in whatever state it is."""
        self.resting.append(name)

    def _emptied(self, db: Db) -> bool:
        try:
            with pymongo.timeout(EMPTYING_SECONDS):
                found = shape(db)
                if found.pop(PROFILE, None):
                    _end_profiling(db)
                if found != self.new:
                    return False
                for name in filled(db):
                    db[name].delete_many({})
        except PyMongoError:  # a transaction that its test left open, say
            return False
        return True


def _end_profiling(db: Db) -> None:
    db.command("profile", 0)
    db[PROFILE].drop()


def shape(db: Db) -> dict[str, Any]:
    """Return the options and the indexes of each collection, read by one command."""
    stages: list[dict[str, Any]] = [{"$listCatalog": {}}, {"$match": {"db": db.name}}]
    return {found["name"]: _shape_of(found["md"]) for found in db.client.admin.aggregate(stages)}


def _shape_of(stored: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    options = {name: value for name, value in stored["options"].items() if name != "uuid"}
    return options, [index["spec"] for index in stored["indexes"]]


def filled(db: Db) -> list[str]:
    """Return the names of the collections that hold documents."""
    hashes = db.command("dbHash")["collections"]
    return [name for name, digest in hashes.items() if digest != NO_DOCUMENTS]
