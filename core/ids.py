"""Identifiers: sortable opaque ids for documents, and reference codes that people can read to each other."""

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
    """Return what no id made before `moment` comes behind, and none made from then on before."""
    return f"{int(moment.timestamp() * 1000):012x}"


def new_reference() -> str:
    """Return a reference code such as `K7MP-4QXD`; uniqueness is the business of the collection's index."""
    number = secrets.randbelow(len(REFERENCE_ALPHABET) ** REFERENCE_LENGTH)
    code = ""
    for _ in range(REFERENCE_LENGTH):
        number, letter = divmod(number, len(REFERENCE_ALPHABET))
        code += REFERENCE_ALPHABET[letter]
    return f"{code[:4]}-{code[4:]}"


def normalize_reference(given: str) -> str:
    """Return a reference code as it is kept, of one typed in any case, with or without its dash; raises ValueError."""
    code = REFERENCE.fullmatch(given)
    if code is None:
        raise ValueError("Must be a reference such as K7MP-4QXD.")
    return f"{code[1]}-{code[2]}".upper()


def deterministic_id(*parts: str) -> str:
    """Return the id of 24 hex digits that the same `parts` give for ever, on any machine."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]
