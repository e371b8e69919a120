"""Locale negotiation by the Accept-Language header."""

from __future__ import annotations

from functools import lru_cache

from flask import request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from core.i18n import ENGLISH, LANGUAGES

# Cap of the header length, so that the cache stays small.
MAX_HEADER_LENGTH = 500


def negotiated_language() -> str:
    """Return the language code of this request; English by default."""
    # Every booking reads it; `request.headers` takes three times as long.
    header = request.environ.get("HTTP_ACCEPT_LANGUAGE")
    if not header or len(header) > MAX_HEADER_LENGTH:
        return ENGLISH.code
    return best_match(header)


@lru_cache(maxsize=512)
def best_match(header: str) -> str:
    """Return the code of the supported language with the highest quality value; English by default.

    A regional tag such as de-CH matches its language; quality 0 excludes a language.
    """
    preferences = parse_accept_header(header, LanguageAccept)
    excluded = {tag.lower() for tag, quality in preferences if quality <= 0}
    supported = [code for code in LANGUAGES if code not in excluded]
    for tag, quality in preferences:
        code = tag.lower().partition("-")[0]
        if quality > 0 and code in supported:
            return code
        if quality > 0 and code == "*" and supported:
            return supported[0]
    return ENGLISH.code
