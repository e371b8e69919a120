"""The blueprint of all back-office endpoints; every request needs an admin key or an administrator's access token."""

from __future__ import annotations

from admin.guards import require_admin
from core.web.endpoint import Blueprint

blueprint = Blueprint("admin", __name__, url_prefix="/api/admin", description="Back office")
blueprint.before_request(require_admin)
