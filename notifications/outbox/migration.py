"""Migration of e-mails that older versions stored without the rules of their templates."""

from __future__ import annotations

from collections.abc import Iterable

from core.mongo.client import Db, Document
from notifications.outbox import mapping
from notifications.outbox.model import PENDING, EmailStatus, EmailTemplate

# The rules matter until an e-mail is sent, and for retries.
UNSENT = (*PENDING, EmailStatus.DEAD)
WITHOUT_RULES: Document = {"state": {"$in": UNSENT}, "ordered": {"$exists": False}}


def store_rules(db: Db, templates: Iterable[EmailTemplate]) -> None:
    """Store the rules of `templates` in the unsent e-mails of `db` that have none. Idempotent."""
    if db.letters.find_one(WITHOUT_RULES, {"_id": 1}, hint=mapping.NEWEST) is None:
        return
    for template in templates:
        rules = {
            "audience": template.audience,
            "ordered": template.ordered,
            "kind": template.subject_kind,
            "version": {"$ifNull": ["$facts.sequence", ""]},
        }
        query = {**WITHOUT_RULES, "template": template.name}
        db.letters.update_many(query, [{"$set": rules}], hint=mapping.NEWEST)
