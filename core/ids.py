"""Identifiers: sortable opaque ids of documents, and reference codes for people."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime

# No 0/O, 1/I/L, 2/Z, 5/S, 8/B or U/V pairs to mistake, and no vowels, so that no code spells a word.
REFERENCE_ALPHABET = "346789CDFGHJKMNPQRTVWXY"
REFERENCE_LENGTH = 8
ID_LENGTH = 32
REFERENCE = re.compile(r"([A-Za-z0-9]{4})[- ]?([A-Za-z0-9]{4})")


def new_id(now: datetime) -> str:
    """Return a new opaque id of 32 hex digits that sorts by the millisecond of `now`, then at random."""
    return id_lower_bound(now) + secrets.token_hex(10)


def id_lower_bound(moment: datetime) -> str:
    """Return the smallest id that a document created at `moment` can have."""
    return f"{int(moment.timestamp() * 1000):012x}"


def new_reference() -> str:
    """Return a random reference code such as `K7MP-4QXD`; the collection's index makes it unique."""
    number = secrets.randbelow(len(REFERENCE_ALPHABET) ** REFERENCE_LENGTH)
    code = ""
    for _ in range(REFERENCE_LENGTH):
        number, letter = divmod(number, len(REFERENCE_ALPHABET))
        code += REFERENCE_ALPHABET[letter]
    return f"{code[:4]}-{code[4:]}"


def normalize_reference(given: str) -> str:
    """Return the stored form of a reference typed in any case, with or without dash; raises ValueError."""
    code = REFERENCE.fullmatch(given)
    if code is None:
        raise ValueError("Must be a reference such as K7MP-4QXD.")
    return f"{code[1]}-{code[2]}".upper()


def deterministic_id(*parts: str) -> str:
    """Return 24 hex digits that depend only on `parts`, on every machine."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]
