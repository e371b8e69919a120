"""Who may enter the back office: whoever sends one of the keys, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from flask import g, request

from admin.errors import InvalidAdminKey
from core import log
from core.config.settings import AdminKey
from core.web import context
from core.web.rate_limits.limiter import RateLimiter

LOG = log.get_logger("admin")
HEADER = "X-Admin-Key"


@dataclass(frozen=True)
class AdminKeys:
    """The digests of the keys that open, by label; all of equal length, so that comparing tells nothing of theirs."""

    digests: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, keys: Sequence[AdminKey]) -> AdminKeys:
        """Return the guard for `keys`."""
        return cls(tuple((key.label, _digest(key.secret)) for key in keys))

    def label_for(self, given: str) -> str | None:
        """Return the label of the key that `given` is, if it is one; takes the same time whichever it is."""
        digest = _digest(given)
        found = [label for label, known in self.digests if hmac.compare_digest(digest, known)]
        return found[0] if found else None


def require_key() -> None:
    """Raise WrongKey without a right key, and TooMany after ten wrong ones from one address in 15 minutes."""
    if request.method == "OPTIONS":
        return  # A browser asks before it calls, and sends no key with that; nothing is told or done.
    limits, given = context.get_service(RateLimiter), request.headers.get(HEADER)
    limits.reject_if_locked_out()
    if not given:
        raise InvalidAdminKey
    g.admin = context.get_service(AdminKeys).label_for(given)
    if g.admin is None:
        LOG.warning("wrong_admin_key")
        limits.hit_wrong_key()
        raise InvalidAdminKey


def current_admin() -> str:
    """Return the label of the key this request came with."""
    return str(g.admin)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
