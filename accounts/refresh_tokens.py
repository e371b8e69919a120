"""Refresh tokens: the content of the refresh cookie, with every secret that may be the valid one.

It is one secret. After a rotation whose outcome is unknown it is the old and the new one, so that repeating the
request is no reuse of a token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from accounts.session_tokens import SessionToken, digest

MAX_SECRETS = 8
TOKEN = re.compile(rf"([0-9a-f]{{32}})((?:\.[A-Za-z0-9_-]{{43}}){{1,{MAX_SECRETS}}})", re.ASCII)


@dataclass(frozen=True)
class RefreshToken:
    """A token of the session `session_id`; one of `secrets` may be valid."""

    session_id: str
    secrets: tuple[str, ...] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> RefreshToken | None:
        """Return the token that `text` is, or None."""
        found = TOKEN.fullmatch(text)
        if found is None:
            return None
        return cls(found[1], tuple(found[2][1:].split(".")))

    @property
    def digests(self) -> list[str]:
        """The stored forms of the secrets."""
        return [digest(secret) for secret in self.secrets]

    def with_possible(self, new: SessionToken) -> RefreshToken:
        """Return this token with the secret of a rotation whose outcome is unknown.

        The first secret stays: it is valid as long as no rotation succeeds.
        """
        later = (*self.secrets[1:], new.secret)
        return RefreshToken(self.session_id, (self.secrets[0], *later[1 - MAX_SECRETS :]))

    def __str__(self) -> str:
        return ".".join((self.session_id, *self.secrets))
