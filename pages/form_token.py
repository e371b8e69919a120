"""Form token: the Idempotency-Key and creation time of a rendered form, signed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, Signer

from core.clock import Clock
from core.idempotency import KEY_LIFETIME

PURPOSE = "pages.form"
# A person needs at least this long to fill in the form.
MIN_AGE = timedelta(seconds=2)
# A key is remembered for its lifetime from its first use; a form that is older than half of it gets another one.
MAX_AGE = KEY_LIFETIME / 2


@dataclass(frozen=True)
class FormToken:
    """A form's key and age."""

    key: str
    age: timedelta

    @property
    def is_too_fast(self) -> bool:
        """Return whether the form came back sooner than a person can fill it in."""
        return self.age < MIN_AGE


@dataclass(frozen=True)
class FormTokens:
    """Makes and reads seals; the first of `secrets` signs, all of them open."""

    secrets: Sequence[str]
    clock: Clock

    def issue(self) -> str:
        """Return a seal for a form that is rendered now."""
        milliseconds = int(self.clock().timestamp() * 1000)
        return self._signer().sign(f"{milliseconds}-{secrets.token_hex(16)}").decode()

    def verify(self, form_token: str) -> FormToken | None:
        """Return what a seal says, or None when it is not ours or too old."""
        try:
            key = self._signer().unsign(form_token.encode("utf-8", "replace")).decode()
        except BadSignature:
            return None
        made = datetime.fromtimestamp(int(key.partition("-")[0]) / 1000, UTC)
        age = self.clock() - made
        return FormToken(f"form-{key}", age) if age < MAX_AGE else None

    def _signer(self) -> Signer:
        # itsdangerous signs with the last key and checks with all of them.
        return Signer(list(reversed(self.secrets)), salt=PURPOSE, key_derivation="hmac")
