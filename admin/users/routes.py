"""Account endpoints of the back office."""

from __future__ import annotations

import math
from typing import Any

from accounts.administration import AdministerAccounts
from accounts.model import Account, AccountChange
from accounts.service import Accounts
from admin.blueprint import blueprint
from admin.guards import current_admin
from admin.users.schemas import AccountChangeSchema, AdminUserSchema, UsersQuery, UsersSchema
from core.web import context
from core.web.endpoint import Endpoint


@blueprint.get("/users")
@Endpoint(UsersSchema, query=UsersQuery, error_statuses=(401, 403), security="adminKey")
def users(email: str, page: int, limit: int) -> dict[str, Any]:
    """List the accounts in the order of their e-mail addresses, or the one with `email`."""
    found = context.get_service(Accounts).page(email, page, limit)
    total_pages = math.ceil(found.total / limit)
    return {"items": found.accounts, "total": found.total, "page": page, "limit": limit, "totalPages": total_pages}


@blueprint.patch("/users/<account_id>")
@Endpoint(AdminUserSchema, body=AccountChangeSchema, error_statuses=(401, 403, 404, 413, 415), security="adminKey")
def change_user(change: AccountChange, account_id: str) -> Account:
    """Change the role of an account, or disable it, which ends its sessions."""
    return context.get_service(AdministerAccounts).execute(current_admin(), account_id, change)
