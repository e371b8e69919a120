"""A pseudo language: every message of the catalogue in brackets, so that untranslated ones are visible."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

OPEN, CLOSE = "⟦", "⟧"
INNERMOST = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")


def bracketed(message: str) -> str:
    """Return the translation of `message` into brackets."""
    return f"{OPEN}{message}{CLOSE}"


def bracketed_form(singular: str, plural: str, count: int) -> str:
    """Return the form for `count`, in brackets."""
    return bracketed(singular if count == 1 else plural)


def visible(page: str) -> str:
    """Return what a person reads of a page."""
    seen = re.sub(r"<(style|script|svg)\b.*?</\1>|<!--.*?-->", " ", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", seen))


def leftovers(text: str, known: Iterable[str] = ()) -> list[str]:
    """Return the words of `text` that are in no bracket and are none of what is `known`, such as a guest's name."""
    while INNERMOST.search(text):
        text = INNERMOST.sub("\n", text)
    for fact in sorted(known, key=len, reverse=True):
        text = text.replace(fact, "\n") if fact else text
    lines = (line.strip(" ,.:;·()[]-\u2013\u00a0") for line in text.splitlines())
    return [line for line in lines if re.search(r"[^\W\d_]{2,}", line)]
