"""Audit log endpoint of the back office."""

from __future__ import annotations

from admin.audit.schemas import AuditQuery, AuditSchema
from admin.audit.view import AuditEntryView, AuditHistory
from admin.blueprint import blueprint
from core.pagination import Cursor, Page
from core.web import context
from core.web.endpoint import Endpoint


@blueprint.get("/audit")
@Endpoint(
    AuditSchema,
    query=AuditQuery,
    error_statuses=(
        401,
        403,
    ),
    security="adminKey",
)
def audit(about: str, limit: int, after: Cursor | None) -> Page[AuditEntryView]:
    """List actions of the back office, newest first; `about` is the id of a booking, slot or e-mail.

    An entry names its `slot`, or its `booking` by reference, if it has one.
    """
    return context.get_service(AuditHistory).find(about, limit, after)
