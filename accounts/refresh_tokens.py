"""Refresh tokens: the secret in the refresh cookie, and the one of an interrupted rotation beside it.

A rotation whose outcome is unknown is repeated with both. It then stores the same new secret again, so that the
repeated request is no reuse of a token, however often it is interrupted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from accounts.session_tokens import SessionToken, digest

SECRET = r"\.([A-Za-z0-9_-]{43})"  # noqa: S105 # nosec B105 # the form of a secret
TOKEN = re.compile(rf"([0-9a-f]{{32}}){SECRET}(?:{SECRET})?", re.ASCII)


@dataclass(frozen=True)
class RefreshToken:
    """A token of the session `session_id`: its `secret`, and the `next_secret` of an interrupted rotation or ""."""

    session_id: str
    secret: str = field(repr=False)
    next_secret: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> RefreshToken | None:
        """Return the token that `text` is, or None."""
        found = TOKEN.fullmatch(text)
        if found is None:
            return None
        return cls(found[1], found[2], found[3] or "")

    @property
    def digests(self) -> list[str]:
        """The stored forms of the secrets."""
        return [digest(secret) for secret in (self.secret, self.next_secret) if secret]

    def successor(self) -> SessionToken:
        """Return the token that replaces this one: that of the interrupted rotation, or a new one."""
        if self.next_secret:
            return SessionToken(self.session_id, self.next_secret)
        return SessionToken.new(self.session_id)

    def interrupted(self, new: SessionToken) -> RefreshToken:
        """Return this token with the secret of a rotation to `new` whose outcome is unknown."""
        return replace(self, next_secret=new.secret)

    def continued(self, other: RefreshToken) -> RefreshToken:
        """Return this token with the next secret of `other`, unless that is of another token."""
        if replace(other, next_secret="") != replace(self, next_secret=""):  # nosec B106 # no secret
            return self
        return other

    def __str__(self) -> str:
        return ".".join([self.session_id, self.secret, *filter(None, [self.next_secret])])
