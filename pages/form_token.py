"""Form token: the Idempotency-Key and the creation time of a rendered form, signed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from core.idempotency import KEY_LIFETIME
from core.timed_signer import TimedSigner

PURPOSE = "pages.form"
# A person needs at least this long to fill in the form.
MIN_AGE = timedelta(seconds=2)
# A key is stored for its lifetime from its first use; a form that is older than half of it gets another one.
MAX_AGE = KEY_LIFETIME / 2
# Marks the token of a form that was sent too fast and is shown again: the next submission is accepted at once.
CONFIRMED = "again-"
NO_TIME = timedelta(0)


@dataclass(frozen=True)
class FormToken:
    """A form's key and age."""

    key: str
    age: timedelta

    @property
    def remaining(self) -> timedelta:
        """Return the rest of the minimum age."""
        if self.key.startswith(CONFIRMED):
            return NO_TIME
        return max(MIN_AGE - self.age, NO_TIME)

    @property
    def is_too_fast(self) -> bool:
        """Return whether the form was sent sooner than a person can fill it in."""
        return self.remaining > NO_TIME


@dataclass(frozen=True)
class FormTokens:
    """Issues and verifies form tokens."""

    signer: TimedSigner

    def issue(self) -> str:
        """Return a token for a form that is rendered now."""
        return self.signer.sign(secrets.token_hex(16))

    def issue_confirmed(self) -> str:
        """Return a token without a minimum age, for a form that was sent too fast."""
        return self.signer.sign(CONFIRMED + secrets.token_hex(16))

    def verify(self, form_token: str) -> FormToken | None:
        """Return the content of a token, or None if its signature is wrong or it is too old."""
        verified = self.signer.verify(form_token)
        if verified is None:
            return None
        key, age = verified
        return FormToken(key, age) if age < MAX_AGE else None
