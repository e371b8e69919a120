"""Session tokens: a session id and 256 random bits, of which only the SHA-256 digest is stored.

The refresh cookie and the page cookie have one each, so that neither passes as the other.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field

TOKEN = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{43})", re.ASCII)
RANDOM_BYTES = 32


@dataclass(frozen=True)
class SessionToken:
    """A token of the session `session_id`."""

    session_id: str
    secret: str = field(repr=False)

    @classmethod
    def new(cls, session_id: str) -> SessionToken:
        return cls(session_id, secrets.token_urlsafe(RANDOM_BYTES))

    @classmethod
    def parse(cls, text: str) -> SessionToken | None:
        """Return the token that `text` is, or None."""
        found = TOKEN.fullmatch(text)
        return cls(found[1], found[2]) if found else None

    @property
    def digest(self) -> str:
        """The stored form: the SHA-256 digest of the random bits in hex."""
        return digest(self.secret)

    def __str__(self) -> str:
        return f"{self.session_id}.{self.secret}"


def digest(secret: str) -> str:
    """Return the SHA-256 digest of a secret of 256 random bits in hex; such a secret needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
