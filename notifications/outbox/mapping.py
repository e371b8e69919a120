"""Mapping between e-mails and documents, and the filters and updates of the outbox."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from bson import Regex

from core.mongo.client import Document
from core.pagination import Cursor
from notifications.outbox.model import (
    PENDING,
    Audience,
    Batch,
    Delivery,
    EmailStatus,
    OutboxEmail,
    Outcome,
    Result,
    position_of,
)

Order = list[tuple[str, int]]

IS_PENDING: Document = {"dueAt": {"$exists": True}}
QUEUED: Document = {"state": EmailStatus.QUEUED}
OLDEST_FIRST: Order = [("createdAt", 1), ("_id", 1)]
NEWEST_FIRST: Order = [("createdAt", -1), ("_id", -1)]
# The name of the index over state, createdAt and _id.
NEWEST = "newest"


def by_subject(*subjects: str) -> Document:
    """Return the filter of all e-mails about any of `subjects`."""
    # The ids of all e-mails about a subject begin with its id and a dash. Regular expressions in one `$in` are one
    # scan of the index; the same ranges in `$or` are planned one by one.
    return {"_id": {"$in": [Regex(f"^{re.escape(subject)}-") for subject in subjects]}}


def to_document(email: OutboxEmail) -> Document:
    """Return the document of the new e-mail `email`."""
    document: Document = {
        "_id": email.id,
        "template": email.template,
        "to": email.to,
        "facts": dict(email.context),
        "createdAt": email.created_at,
        "dueAt": email.due_at,
        "about": email.subject,
        "audience": email.audience,
        "ordered": email.ordered,
        "kind": email.subject_kind,
        "version": email.version,
        "state": email.state,
        "attempts": email.attempts,
        "lastError": email.last_error,
    }
    if email.blocked_by:
        document["after"] = email.blocked_by
    return document


def to_email(document: Document) -> OutboxEmail:
    """Return the e-mail of `document`."""
    batch = document.get("batch")
    delivery = document.get("delivery")
    return OutboxEmail(
        id=document["_id"],
        template=document["template"],
        to=document["to"],
        context=document["facts"],
        created_at=document["createdAt"],
        due_at=_due_at(document),
        subject=document["about"],
        audience=Audience(document.get("audience", Audience.GUEST)),
        ordered=document.get("ordered", True),
        subject_kind=document.get("kind", ""),
        version=document.get("version", ""),
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


def _due_at(document: Document) -> datetime:
    """Return the due time of a pending e-mail; of others, which have none, the creation time."""
    if "dueAt" in document:
        return cast("datetime", document["dueAt"])
    return cast("datetime", document["createdAt"])


def update_for(outcome: Outcome, now: datetime) -> tuple[Document, Document]:
    """Return the filter and the update that record `outcome`."""
    email = outcome.email
    leased: Document = {"_id": email.id, "lease": email.lease}
    unsets = {"lease": "", "wasDueAt": ""}
    if outcome.leaves_batch:
        unsets["batch"] = ""
    if outcome.result is Result.NOT_ATTEMPTED:
        state = EmailStatus.QUEUED if email.previous_status is EmailStatus.QUEUED else EmailStatus.RETRYING
        return leased, {"$set": {"dueAt": email.due_at, "state": state}, "$unset": unsets}
    if outcome.result is Result.RETRY:
        sets: Document = {"dueAt": outcome.retry_at, "state": EmailStatus.RETRYING, "lastError": outcome.reason}
        return leased, {"$set": sets, "$inc": {"attempts": 1}, "$unset": unsets}
    unsets |= {"dueAt": "", "withdrawn": ""}
    if outcome.result is Result.FAILED:
        sets = {"state": EmailStatus.DEAD, "lastError": outcome.reason}
        return leased, {"$set": sets, "$inc": {"attempts": 1}, "$unset": unsets}
    sets = {"state": EmailStatus.SENT, "sentAt": now, "lastError": ""}
    if outcome.provider_id:
        sets["providerId"] = outcome.provider_id
    unsent = {"_id": email.id, "state": {"$ne": EmailStatus.SENT}}
    return unsent, {"$set": sets, "$inc": {"attempts": 1}, "$unset": unsets}


def unblock_update(blockers: Sequence[str], now: datetime) -> tuple[Document, Document]:
    """Return the filter and the update that make the e-mails due which `blockers` blocked."""
    # E-mails that are being sent, or wait for their next attempt, do not change.
    return {"after": {"$in": blockers}, "dueAt": {"$gt": now}, **QUEUED}, {"$set": {"dueAt": now}}


def recent(since: datetime) -> Document:
    """Return the filter of e-mails that are pending, or sent and younger than `since`."""
    return {"$or": [{"state": {"$in": PENDING}}, {"state": EmailStatus.SENT, "createdAt": {"$gt": since}}]}


def keyset_queries(state: EmailStatus | None, after: Cursor | None) -> list[tuple[Document, Order]]:
    """Return the queries, each with its order, whose concatenated results are the e-mails older than `after`."""
    # With every state in `$in`, the database merges their ranges of the index, so one index serves both orders.
    states = list(EmailStatus)
    if state:
        states = [state]
    in_states: Document = {"state": {"$in": states}}
    if after is None:
        return [(in_states, NEWEST_FIRST)]
    # It does not merge by a constant field, so e-mails of one time are sorted by id only.
    created_at, id_ = position_of(after)
    same_time = {**in_states, "createdAt": created_at, "_id": {"$lt": id_}}
    return [(same_time, NEWEST_FIRST[1:]), ({**in_states, "createdAt": {"$lt": created_at}}, NEWEST_FIRST)]
