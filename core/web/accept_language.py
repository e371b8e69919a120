"""Which of our languages a client's Accept-Language prefers."""

from __future__ import annotations

from functools import lru_cache

from flask import request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from core.i18n import ENGLISH, LANGUAGES

# Nobody reads more languages; a longer header is not worth remembering.
MAX_HEADER_LENGTH = 500


def negotiated_language() -> str:
    """Return the code of the language that this request asks for, English where it asks for none of ours."""
    # Every booking asks: the headers' own way takes thrice as long.
    asked = request.environ.get("HTTP_ACCEPT_LANGUAGE")
    return best_match(asked) if asked and len(asked) <= MAX_HEADER_LENGTH else ENGLISH.code


@lru_cache(maxsize=512)
def best_match(asked: str) -> str:
    """Return the code of our language that the header `asked` prefers by its quality values, English by default.

    A regional form, such as de-CH, asks for its language; what has the quality 0 is not wanted.
    """
    wishes = parse_accept_header(asked, LanguageAccept)
    refused = {tag.lower() for tag, quality in wishes if quality <= 0}
    for tag, quality in wishes:
        code = tag.lower().partition("-")[0]
        fitting = list(LANGUAGES) if code == "*" else [code]
        for one in fitting:
            if quality > 0 and one in LANGUAGES and one not in refused:
                return one
    return ENGLISH.code
