"""Documents of a change stream: the stages that select them on the server, and what they say of a write."""

from __future__ import annotations

from collections.abc import Sequence

from core.mongo.client import Document
from live.model import Position, Write
from live.topics.base import Selection

MAX_FILTERED_IDS = 10_000  # ids in the server's filter; with more, it sends the changes of all documents
WRITES = ("insert", "replace", "update", "delete")
# A collection was dropped or renamed, or the whole database: the writes to its documents are not known one by one.
HISTORY_ENDS = ("drop", "rename", "dropDatabase", "invalidate")
UPDATED_FIELDS = "updateDescription.updatedFields"


def build_stages(selections: Sequence[Selection]) -> list[Document]:
    """Return the stages that keep the writes of `selections`, and of these only the fields in them."""
    collections = [selection.collection for selection in selections]
    conditions = [
        *(_condition(selection) for selection in selections),
        {"operationType": {"$in": list(HISTORY_ENDS)}, "ns.coll": {"$in": [*collections, None]}},
    ]
    fields = {name for selection in selections for name in selection.fields}
    values = [f"{path}.{name}" for path in ("fullDocument", UPDATED_FIELDS) for name in sorted(fields)]
    return [
        {"$match": {"$or": conditions}},
        {"$project": dict.fromkeys(["operationType", "clusterTime", "ns.coll", "documentKey", *values], 1)},
    ]


def parse_write(document: Document, position: Position) -> Write:
    """Return the write that a document of the stream describes."""
    values = document.get("fullDocument")
    if document["operationType"] == "update":
        values = document["updateDescription"]["updatedFields"]
    return Write(position, document["ns"]["coll"], document["documentKey"]["_id"], values)


def _condition(selection: Selection) -> Document:
    changed = [{f"{UPDATED_FIELDS}.{name}": {"$exists": True}} for name in selection.fields]
    condition: Document = {
        "ns.coll": selection.collection,
        "operationType": {"$in": list(WRITES)},
        "$or": [{"operationType": {"$ne": "update"}}, *changed],
    }
    if 0 < len(selection.ids) <= MAX_FILTERED_IDS:
        condition["documentKey._id"] = {"$in": list(selection.ids)}
    return condition
