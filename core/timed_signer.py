"""Timed signer: itsdangerous' TimestampSigner with an injected clock and a precision of milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, TimestampSigner

from core.clock import Clock


class TimedSigner:
    """Signs text for one `purpose`; the first of `secrets` signs, every one verifies."""

    def __init__(self, secrets: Sequence[str], purpose: str, clock: Clock) -> None:
        self._clock = clock
        self._signer = _ClockSigner(secrets, purpose, clock)

    def sign(self, text: str) -> str:
        return self._signer.sign(text).decode()

    def verify(self, signed: str) -> tuple[str, timedelta] | None:
        """Return the text and its age, or None if the signature is wrong."""
        try:
            text, signed_at = self._signer.unsign(signed.encode("utf-8", "replace"), return_timestamp=True)
        except BadSignature:
            return None
        return text.decode(), self._clock() - signed_at


class _ClockSigner(TimestampSigner):
    def __init__(self, secrets: Sequence[str], purpose: str, clock: Clock) -> None:
        # itsdangerous signs with the last key and verifies with all of them.
        super().__init__(list(reversed(secrets)), salt=purpose, key_derivation="hmac")
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock().timestamp() * 1000)

    def timestamp_to_datetime(self, ts: int) -> datetime:
        return datetime.fromtimestamp(ts / 1000, UTC)
