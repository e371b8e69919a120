"""Signed links: whoever holds the token of a thing may look after it.

A token is signed for one purpose and one id (itsdangerous, HMAC-SHA1 under a key derived by purpose), so that it opens
nothing else. The first secret signs; every secret opens, so that secrets can be changed without breaking old links.
The token stands in the fragment of a link, which browsers send to nobody: no log and no Referer ever holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from itsdangerous import Signer

# How long a link is of use after what it is about.
LINK_GRACE_PERIOD = timedelta(days=1)


@dataclass(frozen=True)
class SignedLinks:
    """Makes and checks tokens for one `purpose`; `path` is where the pages of such things are."""

    secrets: Sequence[str]
    public_url: str
    purpose: str
    path: str

    def sign(self, subject_id: str) -> str:
        """Return the token of a thing; the same as long as the first secret is."""
        return _signature(self.secrets[0], self.purpose, subject_id)

    def verify(self, subject_id: str, token: str) -> bool:
        """Return, in constant time, whether `token` is the thing's, signed with any of the secrets."""
        signer = _signer(tuple(reversed(self.secrets)), self.purpose)
        return signer.verify_signature(subject_id.encode("utf-8", "replace"), token.encode("utf-8", "replace"))

    def url(self, subject_id: str) -> str:
        """Return the address of the page where its holder looks after the thing."""
        return f"{self.public_url}/{self.path}/{subject_id}#token={self.sign(subject_id)}"


def is_expired(ends_at: datetime, made_at: datetime, now: datetime) -> bool:
    """Return whether links have expired: a day after the end, and a day after the thing was made, both in UTC."""
    return now > max(ends_at, made_at) + LINK_GRACE_PERIOD


def _signer(secrets: tuple[str, ...], purpose: str) -> Signer:
    # itsdangerous signs with the last key and checks with all of them.
    return Signer(list(secrets), salt=purpose, key_derivation="hmac")


@lru_cache(maxsize=1024)
def _signature(secret: str, purpose: str, subject_id: str) -> str:
    # A link is needed for its letter and for the answer, one right after the other.
    return _signer((secret,), purpose).get_signature(subject_id).decode()
