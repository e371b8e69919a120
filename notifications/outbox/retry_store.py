"""Retry store: the back office puts failed e-mails back into the queue; repeated requests are recognised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pymongo import ReturnDocument

from core.mongo.client import Document
from core.mongo.transactions import Session
from notifications.errors import EmailNotFailed, EmailNotFound
from notifications.outbox import mapping
from notifications.outbox.erasure import OutboxErasure
from notifications.outbox.mapping import to_email
from notifications.outbox.model import MAX_BLOCK, EmailStatus, OutboxEmail, resend_id_prefix
from notifications.outbox.store import OutboxStore


@dataclass(frozen=True)
class RetryStore:
    """Retries and resends of e-mails; a retried e-mail joins the ordering of `store` at its end."""

    store: OutboxStore
    erasure: OutboxErasure

    def retry(self, email_id: str, now: datetime, session: Session | None = None) -> OutboxEmail:
        """Queue a failed e-mail for another day of attempts; raises EmailNotFound or EmailNotFailed.

        It goes individually: the provider may still know its own key, and would not recognise it in a batch. It stays
        in a batch that is still retried, because the provider recognises only the whole batch: see ADR 11.
        """
        letters = self.store.db.letters
        failed = letters.find_one({"_id": email_id, "erased": {"$exists": False}}, session=session)
        if failed is None:
            raise EmailNotFound
        sets: Document = {
            "state": EmailStatus.QUEUED,
            "dueAt": now,
            "createdAt": now,
            "attempts": 0,
            "lastError": "",
            "alone": True,
        }
        unsets: Document = {}
        if not self._stays_in_batch(failed, session):
            unsets["batch"] = ""
        if failed.get("ordered", True):
            self._move_to_end(failed, sets, unsets, session)
        change = {"$set": sets}
        if unsets:
            change["$unset"] = unsets
        query = {"_id": email_id, "state": EmailStatus.DEAD}
        document = letters.find_one_and_update(query, change, return_document=ReturnDocument.AFTER, session=session)
        if document is None:
            raise EmailNotFailed
        return to_email(document)

    def recently_retried(self, session: Session, email_id: str, since: datetime) -> OutboxEmail | None:
        """Return an e-mail that was retried and is pending, or was retried after `since` and is sent; else None."""
        query = {"_id": email_id, "alone": True, **mapping.recent(since)}
        found = self.store.db.letters.find_one(query, session=session)
        return to_email(found) if found else None

    def recently_resent(self, session: Session, email: OutboxEmail, since: datetime) -> bool:
        """Return whether the same e-mail was resent and is pending, or is sent and younger than `since`."""
        query = {
            **mapping.by_subject(resend_id_prefix(email.subject)),
            "template": email.template,
            "to": email.to,
            "version": email.version,
            **mapping.recent(since),
        }
        return self.store.db.letters.find_one(query, {"_id": 1}, session=session) is not None

    def _stays_in_batch(self, failed: Document, session: Session | None) -> bool:
        return "batch" in failed and self.erasure.is_outcome_unknown(failed["batch"]["key"], session)

    def _move_to_end(self, failed: Document, sets: Document, unsets: Document, session: Session | None) -> None:
        """Unblock the followers of `failed`, and let the last pending e-mail to its recipient block it."""
        letters = self.store.db.letters
        letters.update_many(*mapping.unblock_update([failed["_id"]], sets["dueAt"]), session=session)
        letters.update_many({"after": failed["_id"]}, {"$unset": {"after": ""}}, session=session)
        last = self.store.lock_last_pending(session, {failed["about"]: failed["to"]}).get(failed["about"])
        if last is None:
            unsets["after"] = ""
            return
        sets["after"] = last
        sets["dueAt"] += MAX_BLOCK
