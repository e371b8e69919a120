"""Calendar files (RFC 5545): the invitation that goes with a guest's letter, and the booking's own calendar entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from notifications.model import Attachment, Letter


def attachments(_letter: Letter) -> Sequence[Attachment]:
    """Return what goes with a letter."""
    return ()


def calendar(*, facts: Mapping[str, str], about: str, stamp: datetime, method: str) -> bytes:
    """Return a calendar file."""
    raise NotImplementedError
