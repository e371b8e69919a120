"""E-mail addresses as every mail server takes them."""

from __future__ import annotations

import idna


def with_ascii_domain(address: str) -> str:
    """Return `address`, which may have a name before it as in `Ada <ada@example.org>`, with its domain in ASCII.

    International domains are kept as people write them, and mail servers know them by their other form (IDNA 2008).
    What stands before the @ has no other form, and a domain that has none stays as it is: the mail server refuses it.
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
