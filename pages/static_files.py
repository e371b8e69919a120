"""Static files at fingerprinted addresses: one digest of all files is in every path, so a browser keeps them a year.

Scripts import each other by relative paths, which stay within the same fingerprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIGEST_LENGTH = 12
IMMUTABLE = "public, max-age=31536000, immutable"
# Browsers cache a file for minutes that they asked for without a fingerprint.
SHORT = "public, max-age=300"


@cache
def fingerprint() -> str:
    """Return the digest of the static files of all pages."""
    folders = (*ROOT.glob("pages/**/static"), *ROOT.glob("admin/**/static"))
    return digest(file for folder in folders for file in folder.rglob("*"))


def digest(files: Iterable[Path]) -> str:
    """Return a digest of the names and contents of `files`."""
    found = hashlib.sha256()
    for file in sorted(files):
        if file.is_file():
            content = file.read_bytes()
            found.update(f"{file.name} {len(content)} ".encode() + content)
    return found.hexdigest()[:DIGEST_LENGTH]


def fingerprinted(static_url: str) -> str:
    """Return the address of a folder of static files, such as /static/booking, with the fingerprint."""
    return static_url.replace("/static", f"/static/{fingerprint()}", 1)
