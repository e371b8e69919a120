"""The outbox: letters written in the caller's transaction, leased by the worker, marked when done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument, UpdateMany, UpdateOne
from pymongo.errors import DuplicateKeyError

from core.ids import new_id
from core.mongo import CollectionPlan, Db, Document, Session
from notifications.errors import LetterNotFailed, LetterNotFound
from notifications.model import LEASE, Letter, State

PLAN = CollectionPlan(
    name="letters",
    indexes=(
        IndexModel(
            [("dueAt", ASCENDING), ("_id", ASCENDING)], partialFilterExpression={"state": "pending"}, name="due"
        ),
        IndexModel([("state", ASCENDING), ("_id", DESCENDING)]),
        IndexModel([("after", ASCENDING)], partialFilterExpression={"after": {"$type": "string"}}),
    ),
    validator={"$jsonSchema": {"required": ["state", "to", "template", "dueAt"]}},
)
ROLES = CollectionPlan(name="roles")
UNLEASE = {"$unset": {"lease": ""}}


class LetterStore:
    """Letters in MongoDB."""

    def __init__(self, db: Db) -> None:
        """Use the collections of `db`."""
        self._letters = db[PLAN.name]
        self._roles = db[ROLES.name]

    def add(self, session: Session, letters: Sequence[Letter]) -> None:
        """Promise `letters` within the caller's transaction."""
        self._letters.insert_many([_document(letter) for letter in letters], session=session)

    def lease(self, most: int, now: datetime) -> list[Letter]:
        """Take up to `most` due letters for LEASE; a worker that dies lets them come due again."""
        due = {"state": State.PENDING, "dueAt": {"$lte": now}}
        ids = [found["_id"] for found in self._letters.find(due, {"_id": 1}).sort("dueAt", ASCENDING).limit(most)]
        if not ids:
            return []
        token = new_id(now)
        self._letters.update_many({"_id": {"$in": ids}, **due}, {"$set": {"dueAt": now + LEASE, "lease": token}})
        leased = {document["_id"]: document for document in self._letters.find({"_id": {"$in": ids}, "lease": token})}
        return [_letter(leased[letter_id]) for letter_id in ids if letter_id in leased]

    def mark_sent(self, letter: Letter, now: datetime) -> None:
        """Keep that `letter` has been handed over, and let the letter that waited for it come due."""
        sent = {"$set": {"state": State.SENT, "sentAt": now, "lastError": ""}, "$inc": {"attempts": 1}, **UNLEASE}
        self._letters.bulk_write([UpdateOne({"_id": letter.id}, sent), _let_go(letter, now)])

    def mark_failed(self, letter: Letter, reason: str, now: datetime) -> None:
        """Give `letter` up, visibly, and let the letter that waited for it come due."""
        failed = {"$set": {"state": State.FAILED, "lastError": reason}, "$inc": {"attempts": 1}, **UNLEASE}
        pending = {"_id": letter.id, "state": State.PENDING}
        self._letters.bulk_write([UpdateOne(pending, failed), _let_go(letter, now)])

    def postpone(self, letter: Letter, until: datetime, reason: str) -> None:
        """Try `letter` again at `until`."""
        change = {"$set": {"dueAt": until, "lastError": reason}, "$inc": {"attempts": 1}, **UNLEASE}
        self._letters.update_one({"_id": letter.id, "state": State.PENDING}, change)

    def give_back(self, letters: Sequence[Letter], now: datetime) -> None:
        """Let leased letters nobody has tried come due at once."""
        ids = [letter.id for letter in letters]
        self._letters.update_many({"_id": {"$in": ids}, "state": State.PENDING}, {"$set": {"dueAt": now}, **UNLEASE})

    def retry(self, letter_id: str, now: datetime) -> Letter:
        """Put a failed letter back into the queue with a day of patience; raises LetterNotFound or LetterNotFailed."""
        change = {"$set": {"state": State.PENDING, "dueAt": now, "createdAt": now, "attempts": 0, "lastError": ""}}
        document = self._letters.find_one_and_update(
            {"_id": letter_id, "state": State.FAILED}, change, return_document=ReturnDocument.AFTER
        )
        if document is None:
            raise LetterNotFailed if self._letters.find_one({"_id": letter_id}, {"_id": 1}) else LetterNotFound
        return _letter(document)

    def find(self, state: State | None, most: int) -> list[Letter]:
        """Return the newest letters, of one state if given."""
        found = self._letters.find({"state": state} if state else {}).sort("_id", DESCENDING).limit(most)
        return [_letter(document) for document in found]

    def counts(self) -> Mapping[str, int]:
        """Return how many letters there are in each state; the many sent ones are what the others leave of the whole."""
        waiting: dict[str, int] = {
            state: self._letters.count_documents({"state": state}) for state in (State.PENDING, State.FAILED)
        }
        sent = self._letters.estimated_document_count() - sum(waiting.values())
        return {**waiting, State.SENT: max(0, sent)}

    def hold_role(self, role: str, owner: str, now: datetime, term: timedelta) -> bool:
        """Return whether `owner` now holds `role`, alone, until `now + term`."""
        free = {"_id": role, "$or": [{"owner": owner}, {"until": {"$lte": now}}]}
        try:
            self._roles.update_one(free, {"$set": {"owner": owner, "until": now + term}}, upsert=True)
        except DuplicateKeyError:
            return False  # Somebody else holds it.
        return True

    def leave_role(self, role: str, owner: str) -> None:
        """Let somebody else take `role` at once."""
        self._roles.delete_one({"_id": role, "owner": owner})


def _let_go(first: Letter, now: datetime) -> UpdateMany:
    return UpdateMany({"after": first.id, "state": State.PENDING}, {"$set": {"dueAt": now}})


def _document(letter: Letter) -> Document:
    document: dict[str, Any] = {
        "_id": letter.id,
        "template": letter.template,
        "to": letter.to,
        "facts": dict(letter.facts),
        "createdAt": letter.created_at,
        "dueAt": letter.due_at,
        "about": letter.about,
        "state": letter.state,
        "attempts": letter.attempts,
        "lastError": letter.last_error,
    }
    return document | ({"after": letter.after} if letter.after else {})


def _letter(document: Document) -> Letter:
    return Letter(
        id=document["_id"],
        template=document["template"],
        to=document["to"],
        facts=document["facts"],
        created_at=document["createdAt"],
        due_at=document["dueAt"],
        about=document["about"],
        after=document.get("after"),
        state=State(document["state"]),
        attempts=document["attempts"],
        last_error=document["lastError"],
        sent_at=document.get("sentAt"),
    )
