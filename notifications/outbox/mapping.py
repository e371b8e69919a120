"""Letters to and from the documents of the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core.mongo.client import Document
from notifications.outbox.model import PENDING, Batch, Delivery, EmailCursor, EmailStatus, OutboxEmail, Outcome, Result

Order = list[tuple[str, int]]

IS_PENDING: Document = {"dueAt": {"$exists": True}}
QUEUED: Document = {"state": EmailStatus.QUEUED}
OLDEST_FIRST: Order = [("createdAt", 1), ("_id", 1)]
NEWEST_FIRST: Order = [("createdAt", -1), ("_id", -1)]
# The index over the states, and within each over the letters in the order NEWEST_FIRST.
NEWEST = "newest"


def by_subject(about: str) -> Document:
    """Return the filter of all letters about something."""
    # The ids of all letters about something begin with its id; "." is what follows "-" in ASCII.
    return {"_id": {"$gte": f"{about}-", "$lt": f"{about}."}}


def to_document(letter: OutboxEmail) -> Document:
    """Return `letter` as a row of the outbox, as it is promised."""
    document: dict[str, Any] = {
        "_id": letter.id,
        "template": letter.template,
        "to": letter.to,
        "facts": dict(letter.context),
        "createdAt": letter.created_at,
        "dueAt": letter.due_at,
        "about": letter.subject,
        "state": letter.state,
        "attempts": letter.attempts,
        "lastError": letter.last_error,
    }
    return document | ({"after": letter.blocked_by} if letter.blocked_by else {})


def to_email(document: Document) -> OutboxEmail:
    """Return the letter that `document` tells of."""
    batch, delivery = document.get("batch"), document.get("delivery")
    return OutboxEmail(
        id=document["_id"],
        template=document["template"],
        to=document["to"],
        context=document["facts"],
        created_at=document["createdAt"],
        due_at=document["dueAt" if "dueAt" in document else "createdAt"],
        subject=document["about"],
        blocked_by=document.get("after"),
        state=EmailStatus(document["state"]),
        attempts=document["attempts"],
        last_error=document["lastError"],
        sent_at=document.get("sentAt"),
        provider_id=document.get("providerId", ""),
        delivery=Delivery(delivery) if delivery else None,
        delivery_at=document.get("deliveryAt"),
        batch=Batch(**batch) if batch else None,
        never_batched=document.get("alone", False),
        lease=document.get("lease", ""),
    )


def update_for(outcome: Outcome, now: datetime) -> tuple[Document, Document]:
    """Return which row to mark with `outcome`, and how."""
    letter, lets_go = outcome.email, {"lease": ""}
    mine: Document = {"_id": letter.id, "lease": letter.lease}
    if outcome.leaves_batch:
        lets_go["batch"] = ""
    if outcome.result is Result.NOT_ATTEMPTED:
        state = EmailStatus.QUEUED if letter.previous_status is EmailStatus.QUEUED else EmailStatus.RETRYING
        return mine, {"$set": {"dueAt": letter.due_at, "state": state}, "$unset": lets_go}
    if outcome.result is Result.RETRY:
        sets: Document = {"dueAt": outcome.retry_at, "state": EmailStatus.RETRYING, "lastError": outcome.reason}
        return mine, {"$set": sets, "$inc": {"attempts": 1}, "$unset": lets_go}
    lets_go |= {"dueAt": "", "withdrawn": ""}
    if outcome.result is Result.FAILED:
        sets = {"state": EmailStatus.DEAD, "lastError": outcome.reason}
        return mine, {"$set": sets, "$inc": {"attempts": 1}, "$unset": lets_go}
    sets = {"state": EmailStatus.SENT, "sentAt": now, "lastError": ""}
    if outcome.provider_id:
        sets["providerId"] = outcome.provider_id
    is_news = {"_id": letter.id, "state": {"$ne": EmailStatus.SENT}}
    return is_news, {"$set": sets, "$inc": {"attempts": 1}, "$unset": lets_go}


def unblock_update(firsts: Sequence[str], now: datetime) -> tuple[Document, Document]:
    """Return which letters to wake that wait for those of `firsts`, and how."""
    # One that is under way, or has been tried and waits for its own next time, is let alone.
    return {"after": {"$in": firsts}, "dueAt": {"$gt": now}, **QUEUED}, {"$set": {"dueAt": now}}


def recent(since: datetime) -> Document:
    """Return the filter of letters that are open, or sent and younger than `since`."""
    return {"$or": [{"state": {"$in": PENDING}}, {"state": EmailStatus.SENT, "createdAt": {"$gt": since}}]}


def keyset_queries(state: EmailStatus | None, after: EmailCursor | None) -> list[tuple[Document, Order]]:
    """Return the queries, each with its order, whose results one behind the other are the letters behind `after`."""
    # Where all states are named, the database merges their parts of the index, and one index does for both orders.
    mine: Document = {"state": {"$in": [state] if state else list(EmailStatus)}}
    if after is None:
        return [(mine, NEWEST_FIRST)]
    # It does not merge by what is the same in all of them: those of one moment are in the order of their ids alone.
    at_once = {**mine, "createdAt": after.at, "_id": {"$lt": after.id}}
    return [(at_once, NEWEST_FIRST[1:]), ({**mine, "createdAt": {"$lt": after.at}}, NEWEST_FIRST)]
