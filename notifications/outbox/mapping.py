"""Letters to and from the documents of the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core.mongo.client import Document
from notifications.outbox.model import OPEN, Batch, Delivery, Letter, LetterCursor, Outcome, Result, State

Order = list[tuple[str, int]]

IS_OPEN: Document = {"dueAt": {"$exists": True}}
WAITS: Document = {"state": State.QUEUED}
# Letters about a booking that none of its guest's letters goes behind.
UNLINED = ("admin_booking", "guest_reminder")
OLDEST_FIRST: Order = [("createdAt", 1), ("_id", 1)]
NEWEST_FIRST: Order = [("createdAt", -1), ("_id", -1)]
# The index over the states, and within each over the letters in the order NEWEST_FIRST.
NEWEST = "newest"


def ids_about(about: str) -> Document:
    """Return the filter of all letters about something."""
    # The ids of all letters about something begin with its id; "." is what follows "-" in ASCII.
    return {"_id": {"$gte": f"{about}-", "$lt": f"{about}."}}


def to_document(letter: Letter) -> Document:
    """Return `letter` as a row of the outbox, as it is promised."""
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


def to_letter(document: Document) -> Letter:
    """Return the letter that `document` tells of."""
    batch, delivery = document.get("batch"), document.get("delivery")
    return Letter(
        id=document["_id"],
        template=document["template"],
        to=document["to"],
        facts=document["facts"],
        created_at=document["createdAt"],
        due_at=document["dueAt" if "dueAt" in document else "createdAt"],
        about=document["about"],
        after=document.get("after"),
        state=State(document["state"]),
        attempts=document["attempts"],
        last_error=document["lastError"],
        sent_at=document.get("sentAt"),
        provider_id=document.get("providerId", ""),
        delivery=Delivery(delivery) if delivery else None,
        delivery_at=document.get("deliveryAt"),
        batch=Batch(**batch) if batch else None,
        alone=document.get("alone", False),
        lease=document.get("lease", ""),
    )


def change_for(outcome: Outcome, now: datetime) -> tuple[Document, Document]:
    """Return which row to mark with `outcome`, and how."""
    letter, lets_go = outcome.letter, {"lease": ""}
    mine: Document = {"_id": letter.id, "lease": letter.lease}
    if outcome.apart:
        lets_go["batch"] = ""
    if outcome.result is Result.UNTRIED:
        state = State.QUEUED if letter.was is State.QUEUED else State.RETRYING
        return mine, {"$set": {"dueAt": letter.due_at, "state": state}, "$unset": lets_go}
    if outcome.result is Result.POSTPONED:
        sets: Document = {"dueAt": outcome.until, "state": State.RETRYING, "lastError": outcome.reason}
        return mine, {"$set": sets, "$inc": {"attempts": 1}, "$unset": lets_go}
    lets_go |= {"dueAt": "", "withdrawn": ""}
    if outcome.result is Result.DEAD:
        sets = {"state": State.DEAD, "lastError": outcome.reason}
        return mine, {"$set": sets, "$inc": {"attempts": 1}, "$unset": lets_go}
    sets = {"state": State.SENT, "sentAt": now, "lastError": ""}
    if outcome.provider_id:
        sets["providerId"] = outcome.provider_id
    is_news = {"_id": letter.id, "state": {"$ne": State.SENT}}
    return is_news, {"$set": sets, "$inc": {"attempts": 1}, "$unset": lets_go}


def waking(firsts: Sequence[str], now: datetime) -> tuple[Document, Document]:
    """Return which letters to wake that wait for those of `firsts`, and how."""
    # One that is under way, or has been tried and waits for its own next time, is let alone.
    return {"after": {"$in": firsts}, "dueAt": {"$gt": now}, **WAITS}, {"$set": {"dueAt": now}}


def fresh(since: datetime) -> Document:
    """Return the filter of letters that are open, or sent and younger than `since`."""
    return {"$or": [{"state": {"$in": OPEN}}, {"state": State.SENT, "createdAt": {"$gt": since}}]}


def ranges(state: State | None, after: LetterCursor | None) -> list[tuple[Document, Order]]:
    """Return the queries, each with its order, whose results one behind the other are the letters behind `after`."""
    # Where all states are named, the database merges their parts of the index, and one index does for both orders.
    mine: Document = {"state": {"$in": [state] if state else list(State)}}
    if after is None:
        return [(mine, NEWEST_FIRST)]
    # It does not merge by what is the same in all of them: those of one moment are in the order of their ids alone.
    at_once = {**mine, "createdAt": after.at, "_id": {"$lt": after.id}}
    return [(at_once, NEWEST_FIRST[1:]), ({**mine, "createdAt": {"$lt": after.at}}, NEWEST_FIRST)]
