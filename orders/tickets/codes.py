"""Codes of tickets: random letters and digits without look-alikes."""

from __future__ import annotations

import secrets

from core.ids import REFERENCE_ALPHABET

# Three groups of six: 81 random bits.
GROUPS = 3
GROUP_LENGTH = 6


def new_code() -> str:
    """Return a random ticket code such as `3PFQ47-KXW9CD-7MN4TR`."""
    return normalize_code("".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(GROUPS * GROUP_LENGTH)))


def normalize_code(given: str) -> str:
    """Return the stored form of a code typed in any case, with or without dashes."""
    letters = "".join(given.split()).replace("-", "").upper()
    return "-".join(letters[at : at + GROUP_LENGTH] for at in range(0, len(letters), GROUP_LENGTH))
