"""IDNA: the ASCII form of international mail domains."""

from __future__ import annotations

import idna


def with_ascii_domain(address: str) -> str:
    """Return `address`, also of the form `Ada <ada@example.org>`, with its domain in ASCII (IDNA 2008).

    The local part has no ASCII form. An invalid domain is returned unchanged; the mail server will reject it.
    """
    if address.isascii():
        return address
    before, at, rest = address.rpartition("@")
    domain = rest.rstrip("> ")
    if not at or domain.isascii():
        return address
    try:
        return before + at + idna.encode(domain, uts46=True).decode() + rest[len(domain) :]
    except idna.IDNAError:
        return address
