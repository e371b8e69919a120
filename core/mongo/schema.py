"""Collection schemas: indexes and validators, created or updated at start-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import IndexModel
from pymongo.errors import CollectionInvalid, OperationFailure

from core.mongo.client import Db

NAMESPACE_EXISTS = 48
INDEX_NOT_FOUND = 27


@dataclass(frozen=True)
class CollectionSchema:
    """A collection's name, indexes and validator; `former_indexes` are dropped if an older version created them."""

    name: str
    indexes: Sequence[IndexModel] = ()
    former_indexes: Sequence[str] = ()
    validator: Mapping[str, Any] = field(default_factory=dict)


def ensure_collections(db: Db, schemas: Sequence[CollectionSchema]) -> None:
    """Create or update collections, validators and indexes. Idempotent.

    A validator is set only if it differs: `collMod` waits for all open transactions on its collection.
    """
    stored = {collection["name"]: collection["options"] for collection in db.list_collections()}
    for schema in schemas:
        _ensure_validator(db, schema, stored.get(schema.name))
        if schema.indexes:
            db[schema.name].create_indexes(list(schema.indexes))
        for name in schema.former_indexes:
            _drop_index(db, schema.name, name)


def _ensure_validator(db: Db, schema: CollectionSchema, options: Mapping[str, Any] | None) -> None:
    validator = dict(schema.validator)
    if options is None:
        with ignore_namespace_exists():
            db.create_collection(schema.name, validator=validator, validationLevel="strict")
            return
    elif options.get("validator", {}) == validator and options.get("validationLevel", "strict") == "strict":
        return
    db.command({"collMod": schema.name, "validator": validator, "validationLevel": "strict"})


def _drop_index(db: Db, collection: str, name: str) -> None:
    try:
        db[collection].drop_index(name)
    except OperationFailure as error:
        if error.code != INDEX_NOT_FOUND:
            raise


class ignore_namespace_exists:  # noqa: N801  # a context manager, named like contextlib's own
    """Context manager that ignores the error of an existing collection, also when another process created it first."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, CollectionInvalid):
            return True
        return isinstance(error, OperationFailure) and error.code == NAMESPACE_EXISTS
