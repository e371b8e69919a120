"""The outbox: letters written in the caller's transaction, leased by the worker, marked when done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument, UpdateMany, UpdateOne
from pymongo.errors import DuplicateKeyError

from core.ids import new_id
from core.mongo import CollectionPlan, Db, Document, Session
from notifications.errors import LetterNotFailed, LetterNotFound
from notifications.model import LEASE, Letter, Outcome, Result, State

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

    def last_unsent(self, session: Session, about: str, to: str) -> str | None:
        """Return, within the caller's transaction, the id of the last letter about `about` that `to` has yet to get."""
        query = {**_about(about), "to": to, "state": State.PENDING}
        found = self._letters.find_one(query, {"_id": 1}, sort=[("createdAt", DESCENDING)], session=session)
        return found["_id"] if found else None

    def withdraw(self, session: Session, about: str, template: str) -> None:
        """Drop, within the caller's transaction, the unsent letters about `about` that are of one kind."""
        self._letters.delete_many({**_about(about), "template": template, "state": State.PENDING}, session=session)

    def add_once(self, session: Session, letter: Letter) -> bool:
        """Promise `letter` within the caller's transaction unless it was promised before; return whether it is new."""
        known = self._letters.find_one({"_id": letter.id}, {"_id": 1}, session=session)
        if known is None:
            self.add(session, [letter])
        return known is None

    def about(self, about: str) -> list[Letter]:
        """Return all letters about `about`, oldest first."""
        return [_letter(found) for found in self._letters.find(_about(about)).sort("createdAt", ASCENDING)]

    def forget(self, abouts: Sequence[str], email: str | None = None) -> int:
        """Delete the letters about each of `abouts`, and those to `email`; return how many there were."""
        count = sum(self._letters.delete_many(_about(about)).deleted_count for about in abouts)
        return count + (self._letters.delete_many({"to": email}).deleted_count if email else 0)

    def lease(self, most: int, now: datetime) -> list[Letter]:
        """Take up to `most` due letters for LEASE; a worker that dies lets them come due again."""
        due_at = self._due(most, now)
        if not due_at:
            return []
        token, ids = new_id(now), list(due_at)
        self._letters.update_many(
            {"_id": {"$in": ids}, **_is_due(now)}, {"$set": {"dueAt": now + LEASE, "lease": token}}
        )
        leased = {document["_id"]: document for document in self._letters.find({"_id": {"$in": ids}, "lease": token})}
        return [
            replace(_letter(leased[letter_id]), due_at=was_due, lease=token)
            for letter_id, was_due in due_at.items()
            if letter_id in leased
        ]

    def renew_lease(self, lease: str, now: datetime) -> None:
        """Hold the letters of `lease` that are still in hand for another LEASE."""
        in_hand = {"lease": lease, "state": State.PENDING, "dueAt": {"$gt": now}}
        self._letters.update_many(in_hand, {"$set": {"dueAt": now + LEASE}})

    def keep(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Keep how leased letters fared, and let those that waited for them come due; repeating it changes nothing.

        A letter whose lease was lost is left to whoever has it now, unless it has been sent.
        """
        sent = [outcome.letter.id for outcome in outcomes if outcome.result is Result.SENT]
        ended = sent + [outcome.letter.id for outcome in outcomes if outcome.result is Result.FAILED]
        changes: list[UpdateMany | UpdateOne] = [
            UpdateOne({"_id": outcome.letter.id, "lease": outcome.letter.lease}, _change(outcome))
            for outcome in outcomes
            if outcome.result is not Result.SENT
        ]
        if sent:
            is_news = {"_id": {"$in": sent}, "state": {"$ne": State.SENT}}
            sets = {"state": State.SENT, "sentAt": now, "lastError": ""}
            changes.append(UpdateMany(is_news, {"$set": sets, "$inc": {"attempts": 1}, **UNLEASE}))
        if ended:
            # One that is under way, or has been tried and waits for its own next time, is let alone.
            waits = {"after": {"$in": ended}, "state": State.PENDING, "attempts": 0, "lease": {"$exists": False}}
            changes.append(UpdateMany(waits | {"dueAt": {"$gt": now}}, {"$set": {"dueAt": now}}))
        self._letters.bulk_write(changes)

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
        """Return how many letters there are in each state; the many sent ones are what the others leave."""
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

    def _due(self, most: int, now: datetime) -> dict[str, datetime]:
        """Return which letters to lease and since when they are due, longest due first.

        In the place of a letter whose first one is due as well stands that first one, so that it goes before.
        """
        columns = {"dueAt": 1, "after": 1}
        rows = list(
            self._letters.find(_is_due(now), columns).sort([("dueAt", ASCENDING), ("_id", ASCENDING)]).limit(most)
        )
        awaited = [row["after"] for row in rows if "after" in row]
        firsts = self._letters.find({"_id": {"$in": awaited}, **_is_due(now)}, columns) if awaited else ()
        first = {row["_id"]: row for row in firsts}
        chosen = [first.get(row.get("after"), row) for row in rows]
        return {row["_id"]: row["dueAt"] for row in chosen}


def _about(about: str) -> Document:
    # The ids of all letters about something begin with its id; "." is what follows "-" in ASCII.
    return {"_id": {"$gte": f"{about}-", "$lt": f"{about}."}}


def _is_due(now: datetime) -> Document:
    return {"state": State.PENDING, "dueAt": {"$lte": now}}


def _change(outcome: Outcome) -> Document:
    if outcome.result is Result.UNTRIED:
        return {"$set": {"dueAt": outcome.letter.due_at}, **UNLEASE}
    if outcome.result is Result.FAILED:
        sets: Document = {"state": State.FAILED, "lastError": outcome.reason}
    else:
        sets = {"dueAt": outcome.until, "lastError": outcome.reason}
    return {"$set": sets, "$inc": {"attempts": 1}, **UNLEASE}


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
