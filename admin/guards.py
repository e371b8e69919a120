"""Who may enter the back office: whoever sends one of the keys, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from admin.errors import WrongKey
from core import log
from core.web import context
from core.web.limits import Limits

LOG = log.get("admin")
HEADER = "X-Admin-Key"


@dataclass(frozen=True)
class AdminKeys:
    """The digests of the keys that open; all of equal length, so that comparing tells nothing of theirs."""

    digests: tuple[bytes, ...]

    @classmethod
    def of(cls, keys: Sequence[str]) -> AdminKeys:
        """Return the guard for `keys`."""
        return cls(tuple(_digest(key) for key in keys))

    def open_for(self, given: str) -> bool:
        """Return whether `given` is one of the keys; takes the same time whichever it is."""
        digest = _digest(given)
        return sum([hmac.compare_digest(digest, known) for known in self.digests]) > 0


def require_key() -> None:
    """Raise WrongKey without a right key, and TooMany after ten wrong ones from one address in 15 minutes."""
    if request.method == "OPTIONS":
        return  # A browser asks before it calls, and sends no key with that; nothing is told or done.
    limits, given = context.service(Limits), request.headers.get(HEADER)
    limits.require_patience()
    if not given:
        raise WrongKey
    if not context.service(AdminKeys).open_for(given):
        LOG.warning("wrong_admin_key")
        limits.count_wrong_key()
        raise WrongKey


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
