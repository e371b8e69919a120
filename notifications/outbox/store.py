"""Outbox store: e-mails written in the caller's transaction, leased by the worker, updated with their outcome.

Only pending e-mails have `dueAt`; `providerId` and `batch` are absent while empty. So the indexes stay small.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pymongo import ASCENDING, DeleteMany, IndexModel, ReturnDocument, UpdateMany, UpdateOne
from pymongo.errors import DuplicateKeyError

from core.ids import new_id
from core.mongo.client import Db, Document
from core.mongo.schema import CollectionSchema
from core.mongo.transactions import Session, insert
from notifications.errors import EmailNotFailed, EmailNotFound
from notifications.outbox import mapping
from notifications.outbox.erasure import OutboxErasure
from notifications.outbox.mapping import IS_PENDING, by_subject, to_document, to_email
from notifications.outbox.model import (
    ADMIN_FIRST_DELAY,
    LEASE,
    MAX_BLOCK,
    PENDING,
    Batch,
    Delivery,
    EmailCursor,
    EmailStatus,
    OutboxEmail,
    Outcome,
    Result,
    resend_id_prefix,
    superseded_by,
)

SCHEMA = CollectionSchema(
    name="letters",
    indexes=(
        IndexModel(
            [("dueAt", ASCENDING), ("_id", ASCENDING)],
            partialFilterExpression={"dueAt": {"$exists": True}},
            name="open",
        ),
        IndexModel([("state", ASCENDING), *mapping.NEWEST_FIRST], name=mapping.NEWEST),
        IndexModel([("after", ASCENDING)], partialFilterExpression={"after": {"$type": "string"}}),
        IndexModel([("providerId", ASCENDING)], partialFilterExpression={"providerId": {"$exists": True}}),
        IndexModel([("erased", ASCENDING)], partialFilterExpression={"erased": True}),
        IndexModel([("batch.key", ASCENDING)], partialFilterExpression={"batch.key": {"$exists": True}}),
    ),
    validator={"$jsonSchema": {"required": ["state", "to", "template"]}},
)
LEASES = CollectionSchema(name="roles")


class OutboxStore:
    """Letters in MongoDB."""

    def __init__(self, db: Db) -> None:
        """Use the collections of `db`."""
        self._letters = db[SCHEMA.name]
        self._roles = db[LEASES.name]
        self.erasure = OutboxErasure(db)

    def add(self, session: Session, letters: Sequence[OutboxEmail]) -> None:
        """Promise `letters` within the caller's transaction."""
        insert(session, self._letters, [to_document(letter) for letter in letters])

    def lock_last_pending(self, session: Session | None, about: str, to: str) -> str | None:
        """Return, within the caller's transaction, the last letter about `about` that `to` has yet to get.

        The letters of a guest and a booking are one line, each behind the one before; reminders, which are withdrawn
        when they are no longer true, stand outside it. What is returned is written to, so that whoever marks it as sent
        meanwhile meets the caller: see ADR 3.
        """
        query = {
            **by_subject(about),
            "to": to,
            "template": {"$nin": mapping.UNORDERED_TEMPLATES},
            "state": {"$in": PENDING},
        }
        rows = self._letters.find({**query, "withdrawn": {"$exists": False}}, {"after": 1}, session=session)
        line = list(rows.sort(mapping.OLDEST_FIRST))
        # Clocks differ: the last is the one that none is behind.
        followed = {row.get("after") for row in line}
        last: str | None = next((row["_id"] for row in reversed(line) if row["_id"] not in followed), None)
        if last:
            self._letters.update_one({"_id": last}, {"$inc": {"followers": 1}}, session=session)
        return last

    def cancel_pending(self, session: Session, about: str, template: str, now: datetime) -> None:
        """Drop, within the caller's transaction, the letters about `about` that are of one kind and not out yet.

        One that is under way, or whose batch may have been taken, is let go on, for it may be out already; it is
        dropped as soon as it turns out that it is not, instead of being tried again.
        """
        mine = {**by_subject(about), "template": template}
        under_way = {"$or": [{"state": EmailStatus.SENDING, "dueAt": {"$gt": now}}, {"batch": {"$exists": True}}]}
        self._letters.update_many({**mine, **IS_PENDING, **under_way}, {"$set": {"withdrawn": True}}, session=session)
        self._letters.delete_many({**mine, **IS_PENDING, "withdrawn": {"$exists": False}}, session=session)

    def add_if_absent(self, session: Session, letter: OutboxEmail) -> bool:
        """Promise `letter` within the caller's transaction unless it was promised before; return whether it is new."""
        known = self._letters.find_one({"_id": letter.id}, {"_id": 1}, session=session)
        if known is None:
            self.add(session, [letter])
        return known is None

    def by_subject(self, about: str) -> list[OutboxEmail]:
        """Return all letters about `about`, oldest first."""
        return [to_email(found) for found in self._letters.find(by_subject(about)).sort(mapping.OLDEST_FIRST)]

    def erase(self, abouts: Sequence[str], email: str | None = None) -> int:
        """Delete the letters about each of `abouts` and of the guest with `email`; return how many went."""
        return self.erasure.erase(abouts, email)

    def lease(self, most: int, now: datetime) -> list[OutboxEmail]:
        """Take up to `most` due letters for LEASE; a worker that dies lets them come due again."""
        due = self._select_due(most, now)
        if not due:
            return []
        lease = new_id(now)
        self._lease({"_id": {"$in": list(due)}, "dueAt": {"$lte": now}}, lease, now)
        mine = {"_id": {"$in": list(due)}, "lease": lease}
        taken = {document["_id"]: document for document in self._letters.find(mine)}
        # Nobody has them in hand now, so that those withdrawn meanwhile can go; a batch is repeated as it was.
        gone = [key for key, document in taken.items() if "withdrawn" in document and "batch" not in document]
        if gone:
            self._letters.delete_many({"_id": {"$in": gone}, "lease": lease})
        return [
            replace(to_email(taken[key]), due_at=row["dueAt"], previous_status=EmailStatus(row["state"]))
            for key, row in due.items()
            if key in taken and key not in gone
        ]

    def form_batch(self, letters: Sequence[OutboxEmail], batch: Batch) -> bool:
        """Write down that leased `letters` go together, before they do; return whether all of them still can."""
        mine = {
            "_id": {"$in": [letter.id for letter in letters]},
            "lease": letters[0].lease,
            "state": EmailStatus.SENDING,
        }
        done = self._letters.update_many(
            mine, {"$set": {"batch": {"key": batch.key, "size": batch.size, "at": batch.at}}}
        )
        return done.matched_count == batch.size

    def lease_batch(self, key: str, lease: str, now: datetime) -> list[OutboxEmail]:
        """Take what is open and not in hand of the batch `key` under `lease`; return all its letters in their order."""
        free = {"$or": [{"dueAt": {"$lte": now}}, {**IS_PENDING, "state": {"$ne": EmailStatus.SENDING}}]}
        self._lease({"batch.key": key, **free}, lease, now)
        found = self._letters.find({"batch.key": key}).sort("_id", ASCENDING)
        return [replace(to_email(document), due_at=now, previous_status=EmailStatus.RETRYING) for document in found]

    def renew_lease(self, lease: str, now: datetime) -> None:
        """Hold the letters of `lease` that are still in hand for another LEASE."""
        in_hand = {"lease": lease, "state": EmailStatus.SENDING, "dueAt": {"$gt": now}}
        self._letters.update_many(in_hand, {"$set": {"dueAt": now + LEASE}})

    def record_outcomes(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Keep how leased letters fared, and let those that waited for them come due; repeating it changes nothing.

        A letter whose lease was lost is left to whoever has it now, unless it has been sent.
        """
        changes: list[UpdateMany | UpdateOne | DeleteMany] = [
            UpdateOne(*mapping.update_for(each, now)) for each in outcomes
        ]
        ended = [each.email.id for each in outcomes if each.result is Result.SENT]
        given_up = [each.email.id for each in outcomes if each.result is Result.FAILED]
        again = [each.email.id for each in outcomes if each.result in (Result.RETRY, Result.NOT_ATTEMPTED)]
        if ended:
            changes.append(UpdateMany(*mapping.unblock_update(ended, now)))
        if again:
            free = {"lease": {"$exists": False}, "batch": {"$exists": False}}
            changes.append(DeleteMany({"_id": {"$in": again}, "withdrawn": True, **free}))
        self._letters.bulk_write(changes)
        if given_up:
            self._unblock(given_up, now)  # but not behind one that somebody else has in hand

    def unblock_orphans(self, now: datetime) -> int:
        """Let come due what waits for a letter that is no longer open; return how many there were.

        Marking a letter does so already: this is for who died in the midst of it, and for what older versions left.
        """
        return self._unblock(self._orphans(now), now)

    def record_delivery(self, provider_id: str, delivery: Delivery, at: datetime) -> str:
        """Keep what the provider told of the letter it knows as `provider_id`; return the letter's id, or "".

        Nothing changes, and "" is returned, when no letter is known by that id or it is told nothing new.
        """
        news = {"$in": [None, *superseded_by(delivery)]}
        sets = {"$set": {"delivery": delivery, "deliveryAt": at}}
        found = self._letters.find_one_and_update({"providerId": provider_id, "delivery": news}, sets, {"_id": 1})
        return str(found["_id"]) if found else ""

    def retry(self, letter_id: str, now: datetime, session: Session | None = None) -> OutboxEmail:
        """Put a dead letter back into the queue with a day of patience; raises LetterNotFound or LetterNotFailed.

        It goes alone: the provider may still know it by its own key, and would not recognise it in a batch. While the
        others of its batch are tried it stays with them, for without it they would not be recognised: see ADR 11.
        """
        dead = self._letters.find_one({"_id": letter_id, "erased": {"$exists": False}}, session=session)
        if dead is None:
            raise EmailNotFound
        sets = {
            "state": EmailStatus.QUEUED,
            "dueAt": now,
            "createdAt": now,
            "attempts": 0,
            "lastError": "",
            "alone": True,
        }
        stays = "batch" in dead and self.erasure.is_outcome_unknown(dead["batch"]["key"], session)
        lets_go: Document = {} if stays else {"batch": ""}
        if dead["template"] not in mapping.UNORDERED_TEMPLATES:
            # It joins its guest's line anew, at the end; what was behind it waits for it no more.
            self._letters.update_many(*mapping.unblock_update([letter_id], now), session=session)
            self._letters.update_many({"after": letter_id}, {"$unset": {"after": ""}}, session=session)
            last = self.lock_last_pending(session, dead["about"], dead["to"])
            sets |= {"after": last, "dueAt": now + MAX_BLOCK} if last else {}
            lets_go |= {} if last else {"after": ""}
        change: Document = {"$set": sets} | ({"$unset": lets_go} if lets_go else {})
        document = self._letters.find_one_and_update(
            {"_id": letter_id, "state": EmailStatus.DEAD}, change, return_document=ReturnDocument.AFTER, session=session
        )
        if document is None:
            raise EmailNotFailed
        return to_email(document)

    def recently_retried(self, session: Session, letter_id: str, since: datetime) -> OutboxEmail | None:
        """Return a letter that was retried and is open, or was retried after `since` and is sent; None of others."""
        found = self._letters.find_one({"_id": letter_id, "alone": True, **mapping.recent(since)}, session=session)
        return to_email(found) if found else None

    def recently_resent(self, session: Session, letter: OutboxEmail, since: datetime) -> bool:
        """Return whether a letter of the same words was asked for that is open, or is sent and younger than `since`."""
        mine = {**by_subject(resend_id_prefix(letter.subject)), "template": letter.template, "to": letter.to}
        same = {**mine, "facts.sequence": letter.context["sequence"], **mapping.recent(since)}
        return self._letters.find_one(same, {"_id": 1}, session=session) is not None

    def find(self, state: EmailStatus | None, most: int, after: EmailCursor | None = None) -> list[OutboxEmail]:
        """Return the newest letters, from behind `after` on, of one state if given."""
        found: list[Document] = []
        for where, order in mapping.keyset_queries(state, after):
            rows = self._letters.find(where).sort(order).hint(mapping.NEWEST)
            found += rows.limit(most - len(found)) if len(found) < most else ()
        return [to_email(document) for document in found]

    def counts(self) -> Mapping[str, int]:
        """Return how many letters there are in each state; the many sent ones are what the others leave."""
        few = [state for state in EmailStatus if state is not EmailStatus.SENT]
        counts: dict[str, int] = {state: self._letters.count_documents({"state": state}) for state in few}
        sent = self._letters.estimated_document_count() - sum(counts.values())
        return {**counts, EmailStatus.SENT: max(0, sent)}

    def count_failed(self) -> int:
        """Return how many letters were given up."""
        return self._letters.count_documents({"state": EmailStatus.DEAD})

    def waiting_since(self, before: datetime) -> datetime | None:
        """Return since when one promised `before` waits that is overdue, was tried in vain or is stranded; or None."""
        wait: list[Document] = [
            {"dueAt": {"$lte": before}},
            {"state": EmailStatus.RETRYING, "createdAt": {"$lte": before}},
        ]
        if stranded := self._orphans(before):
            wait.append({"after": {"$in": stranded}, "createdAt": {"$lte": before}, **mapping.QUEUED})
        found = [self._letters.find_one(each, {"createdAt": 1}) for each in wait]
        return min((row["createdAt"] for row in found if row), default=None)

    def acquire_lease(self, role: str, owner: str, now: datetime, term: timedelta) -> bool:
        """Return whether `owner` now holds `role`, alone, until `now + term`."""
        free = {"_id": role, "$or": [{"owner": owner}, {"until": {"$lte": now}}]}
        try:
            self._roles.update_one(free, {"$set": {"owner": owner, "until": now + term}}, upsert=True)
        except DuplicateKeyError:
            return False  # Somebody else holds it.
        return True

    def release_lease(self, role: str, owner: str) -> None:
        """Let somebody else take `role` at once."""
        self._roles.delete_one({"_id": role, "owner": owner})

    def _orphans(self, since: datetime) -> list[str]:
        """Return the ids of what letters wait for, long after `since`, though it is no longer open."""
        # A head start is over by itself, and there may be many: only those behind another letter are looked at.
        waits = {**mapping.QUEUED, "after": {"$exists": True}, "dueAt": {"$gt": since + ADMIN_FIRST_DELAY}}
        awaited = {row["after"] for row in self._letters.find(waits, {"after": 1})}
        return self._ended(awaited) if awaited else []

    def _ended(self, ids: Collection[str]) -> list[str]:
        still = self._letters.find({"_id": {"$in": list(ids)}, "state": {"$in": PENDING}}, {"_id": 1})
        return list(set(ids).difference(row["_id"] for row in still))

    def _unblock(self, firsts: Collection[str], now: datetime) -> int:
        """Let the letters come due that wait for those of `firsts` that are no longer open; return how many."""
        ended = self._ended(firsts) if firsts else []
        return self._letters.update_many(*mapping.unblock_update(ended, now)).modified_count if ended else 0

    def _lease(self, which: Document, lease: str, now: datetime) -> None:
        sets = {"dueAt": now + LEASE, "lease": lease, "state": EmailStatus.SENDING}
        self._letters.update_many(which, {"$set": sets})

    def _select_due(self, most: int, now: datetime) -> dict[str, Document]:
        """Return which letters to lease, since when they are due and in which state, longest due first.

        In the place of a letter whose first one is due as well stands that first one, so that it goes before.
        """
        columns, is_due = {"dueAt": 1, "after": 1, "state": 1}, {"dueAt": {"$lte": now}}
        order = [("dueAt", ASCENDING), ("_id", ASCENDING)]
        rows = list(self._letters.find(is_due, columns).sort(order).limit(most))
        awaited = [row["after"] for row in rows if "after" in row]
        firsts = self._letters.find({"_id": {"$in": awaited}, **is_due}, columns) if awaited else ()
        first = {row["_id"]: row for row in firsts}
        chosen = [first.get(row.get("after"), row) for row in rows]
        return {row["_id"]: row for row in chosen}
