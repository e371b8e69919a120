"""Signed tokens: the token of a link grants access to one subject for one purpose.

itsdangerous signs with HMAC-SHA1 and a key derived from the purpose. The first secret signs and every secret verifies,
so that secrets can be rotated. The token is in the fragment of a link, which browsers do not send: no log or Referer
contains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from itsdangerous import Signer
from itsdangerous.encoding import base64_encode

# How long a link is valid after the end of its subject.
LINK_GRACE_PERIOD = timedelta(days=1)


@dataclass(frozen=True)
class SignedLinks:
    """Signs and verifies the links of one `purpose`; `path` is the folder of their pages."""

    secrets: Sequence[str]
    public_url: str
    purpose: str
    path: str

    def sign(self, subject_id: str) -> str:
        """Return the token of a subject; it changes only with the first secret."""
        return _signature(self.secrets[0], self.purpose, subject_id)

    def verify(self, subject_id: str, token: str) -> bool:
        """Return, in constant time, whether any of the secrets signed `token` for this subject."""
        signer = _signer(tuple(reversed(self.secrets)), self.purpose)
        return signer.verify_signature(subject_id.encode("utf-8", "replace"), token.encode("utf-8", "replace"))

    def url(self, subject_id: str) -> str:
        """Return the signed address of the subject's page."""
        return f"{self.public_url}/{self.path}/{subject_id}#token={self.sign(subject_id)}"


def is_expired(ends_at: datetime, made_at: datetime, now: datetime) -> bool:
    """Return whether links have expired: one day after the later of end and creation, both in UTC."""
    return now > max(ends_at, made_at) + LINK_GRACE_PERIOD


@lru_cache(maxsize=64)
def _signer(secrets: tuple[str, ...], purpose: str) -> Signer:
    # itsdangerous signs with the last key and checks with all of them.
    return Signer(list(secrets), salt=purpose, key_derivation="hmac")


@lru_cache(maxsize=64)
def _derived_key(secret: str, purpose: str) -> bytes:
    return _signer((secret,), purpose).derive_key()


@lru_cache(maxsize=1024)
def _signature(secret: str, purpose: str, subject_id: str) -> str:
    # The e-mail and the response need the same token, one right after the other. `Signer.get_signature` would derive
    # the key again.
    algorithm = _signer((secret,), purpose).algorithm
    return base64_encode(algorithm.get_signature(_derived_key(secret, purpose), subject_id.encode())).decode()
