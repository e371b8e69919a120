"""Locale negotiation by the Accept-Language header."""

from __future__ import annotations

import re
from functools import lru_cache

from werkzeug.datastructures import Accept, LanguageAccept
from werkzeug.http import parse_accept_header

from core.i18n import ENGLISH, LANGUAGES
from core.web import context

# Cap of the header length, so that the cache stays small.
MAX_HEADER_LENGTH = 500
COUNTRY = re.compile(r"\b[A-Za-z]{2,3}-(?:[A-Za-z]{4}-)?([A-Za-z]{2})\b")
PRIMARY_SUBTAG = re.compile("[-_]")


def negotiated_language() -> str:
    """Return the language code of this request; English by default."""
    header = context.current_environ().get("HTTP_ACCEPT_LANGUAGE")
    if not header or len(header) > MAX_HEADER_LENGTH:
        return ENGLISH.code
    return best_match(header)


def regional_tag(code: str) -> str:
    """Return the tag of this request's header that it prefers among those of the language `code`, such as en-US."""
    header = context.current_environ().get("HTTP_ACCEPT_LANGUAGE")
    if not header or len(header) > MAX_HEADER_LENGTH:
        return code
    return best_tag(header, code)


@lru_cache(maxsize=512)
def best_tag(header: str, code: str) -> str:
    """Return the tag of the language `code` with the highest quality value; `code` if there is none."""
    for tag, quality in parse_accept_header(header, LanguageAccept):
        if quality > 0 and PRIMARY_SUBTAG.split(tag, maxsplit=1)[0].lower() == code:
            return tag
    return code


def country() -> str:
    """Return the ISO 3166 code in the first tag of this request's header that has one, such as DE; or nothing."""
    header = context.current_environ().get("HTTP_ACCEPT_LANGUAGE", "")
    found = COUNTRY.search(header[:MAX_HEADER_LENGTH])
    if not found:
        return ""
    return found[1].upper()


@lru_cache(maxsize=512)
def best_match(header: str) -> str:
    """Return the code of the supported language with the highest quality value; English by default.

    A regional tag such as de-CH matches its language.
    """
    # Werkzeug prefers any exact tag to a regional one: in "de-AT,en;q=0.9" it would match English.
    tags = parse_accept_header(header, LanguageAccept)
    languages = Accept([(PRIMARY_SUBTAG.split(tag, maxsplit=1)[0], quality) for tag, quality in tags])
    # Of languages with equal quality the first one in the header wins.
    in_header_order = [code for code in languages.values() if code in LANGUAGES]
    return languages.best_match([*in_header_order, *LANGUAGES], ENGLISH.code)
