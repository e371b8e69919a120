"""Audit log endpoint of the back office."""

from __future__ import annotations

from typing import Any

from admin.audit.schemas import AuditQuery, AuditSchema
from admin.audit.view import AuditHistory
from admin.blueprint import blueprint
from core.web import context
from core.web.endpoint import Endpoint


@blueprint.get("/audit")
@Endpoint(AuditSchema, query=AuditQuery, error_statuses=(401,), security="adminKey")
def audit(about: str, limit: int, after: str | None) -> dict[str, Any]:
    """List actions of the back office, newest first; `about` is the id of a booking, slot or e-mail.

    An entry names its `slot`, or its `booking` by reference, if it has one.
    """
    found = context.get_service(AuditHistory).find(about, after, limit + 1)
    items = found[:limit]
    has_more = len(found) > limit
    return {"items": items, "next": items[-1].entry.id if has_more else None}
