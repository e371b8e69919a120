"""Token of an account's link, found in whatever of the link a person pastes or a mail program has changed."""

from __future__ import annotations

import re

from pages.self_service.link_parser import INVISIBLE, MARKER, variants

# `accounts.token_store` issues tokens of 32 bytes, 43 characters of Base64.
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def parse_token(text: str) -> str:
    """Return the token in `text`, or `text` without blanks if there is none."""
    for variant in variants(text):
        compact = INVISIBLE.sub("", variant)
        for marker in MARKER.finditer(compact):
            token = TOKEN.match(compact, marker.end())
            if token:
                return token[0]
    return INVISIBLE.sub("", text)
