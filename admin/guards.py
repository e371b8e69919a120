"""Authentication of the back office by admin key, compared in constant time, or by an administrator's access token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from flask import g, request

from accounts.errors import NotSignedIn
from accounts.guards import has_bearer_token, require_role
from accounts.model import Identity, Role
from admin.errors import InvalidAdminKey
from core import log
from core.config.settings import AdminKey
from core.web import context
from core.web.rate_limits.limiter import RateLimiter

LOG = log.get_logger("admin")
HEADER = "X-Admin-Key"


@dataclass(frozen=True)
class AdminKeys:
    """Digests of the valid keys with their labels; equal lengths, so that comparing reveals no key's length."""

    digests: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, keys: Sequence[AdminKey]) -> AdminKeys:
        return cls(tuple((key.label, _digest(key.secret)) for key in keys))

    def label_for(self, key: str) -> str | None:
        """Return the label of `key`, or None if it is not valid; the time does not depend on which key matches."""
        digest = _digest(key)
        found = None
        for label, known in self.digests:
            matches = hmac.compare_digest(digest, known)
            if matches and found is None:
                found = label
        return found


def require_admin() -> None:
    """Raise InvalidAdminKey without a valid key or access token, and RoleMissing for an account that is no admin's.

    Ten wrong keys from one address in 15 minutes raise TooMany.
    """
    if request.method == "OPTIONS":
        return  # A CORS preflight carries no key; it reveals and changes nothing.
    if HEADER not in request.headers and has_bearer_token():
        g.admin = f"account:{_administrator().account_id}"
    else:
        _require_key()


def require_staff() -> None:
    """As `require_admin`, but the access token may be that of an account with the role `staff` as well."""
    if request.method == "OPTIONS":
        return
    if HEADER not in request.headers and has_bearer_token():
        try:
            g.admin = f"account:{require_role(Role.STAFF, Role.ADMIN).account_id}"
        except NotSignedIn:
            raise InvalidAdminKey from None
    else:
        _require_key()


def _administrator() -> Identity:
    try:
        return require_role(Role.ADMIN)
    except NotSignedIn:
        raise InvalidAdminKey from None


def _require_key() -> None:
    limiter = context.get_service(RateLimiter)
    limiter.reject_if_locked_out()
    key = request.headers.get(HEADER)
    if not key:
        raise InvalidAdminKey
    g.admin = context.get_service(AdminKeys).label_for(key)
    if g.admin is None:
        LOG.warning("wrong_admin_key")
        limiter.hit_wrong_key()
        raise InvalidAdminKey


def current_admin() -> str:
    """Return the label of the request's admin key, or `account:` and the id of the administrator's account."""
    return str(g.admin)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
