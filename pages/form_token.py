"""Form token: the Idempotency-Key and the creation time of a rendered form, signed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, TimestampSigner

from core.clock import Clock
from core.idempotency import KEY_LIFETIME

PURPOSE = "pages.form"
# A person needs at least this long to fill in the form.
MIN_AGE = timedelta(seconds=2)
# A key is stored for its lifetime from its first use; a form that is older than half of it gets another one.
MAX_AGE = KEY_LIFETIME / 2
# Marks the token of a form that was sent too fast and is shown again: the second submission is accepted at once.
CONFIRMED = "again-"


@dataclass(frozen=True)
class FormToken:
    """A form's key and age."""

    key: str
    age: timedelta

    @property
    def wait(self) -> timedelta:
        """Return the rest of the minimum age; none for a form that was shown again."""
        if self.key.startswith(CONFIRMED):
            return timedelta(0)
        return max(MIN_AGE - self.age, timedelta(0))

    @property
    def is_too_fast(self) -> bool:
        """Return whether the form was sent sooner than a person can fill it in."""
        return self.wait > timedelta(0)


class _ClockSigner(TimestampSigner):
    """A TimestampSigner with an injected clock and a precision of milliseconds."""

    def __init__(self, clock: Clock, keys: Sequence[str]) -> None:
        # itsdangerous signs with the last key and verifies with all of them.
        super().__init__(list(reversed(keys)), salt=PURPOSE, key_derivation="hmac")
        self.clock = clock

    def get_timestamp(self) -> int:
        return int(self.clock().timestamp() * 1000)

    def timestamp_to_datetime(self, ts: int) -> datetime:
        return datetime.fromtimestamp(ts / 1000, UTC)


@dataclass(frozen=True)
class FormTokens:
    """Issues and verifies form tokens; the first of `secrets` signs, every one verifies."""

    secrets: Sequence[str]
    clock: Clock

    def issue(self) -> str:
        """Return a token for a form that is rendered now."""
        return self._sign(secrets.token_hex(16))

    def issue_confirmed(self) -> str:
        """Return a token that has no minimum age, for a form that was sent too fast."""
        return self._sign(CONFIRMED + secrets.token_hex(16))

    def verify(self, form_token: str) -> FormToken | None:
        """Return the content of a token, or None if its signature is wrong or it is too old."""
        try:
            key, issued_at = self._unsign(form_token)
        except BadSignature:
            return None
        age = self.clock() - issued_at
        return FormToken(key, age) if age < MAX_AGE else None

    def _sign(self, key: str) -> str:
        return _ClockSigner(self.clock, self.secrets).sign(key).decode()

    def _unsign(self, form_token: str) -> tuple[str, datetime]:
        signer = _ClockSigner(self.clock, self.secrets)
        key, issued_at = signer.unsign(form_token.encode("utf-8", "replace"), return_timestamp=True)
        return key.decode(), issued_at
