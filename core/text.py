"""Text normalisation: Unicode NFC without control characters, and visibility."""

from __future__ import annotations

import re
import unicodedata

# Categories without a visible glyph of their own: controls, formats such as joiners, combining marks, blanks.
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Mn", "Me", "Zs", "Zl", "Zp"})
# Blank letters and symbols: Hangul fillers, an empty Braille cell, a null note; and code points reserved for more.
BLANK = frozenset("\u115f\u1160\u2065\u2800\u3164\uffa0\U0001d159") | {chr(code) for code in range(0xFFF0, 0xFFF9)}
# What copied text brings along without a glyph: soft hyphen, grapheme joiner, Mongolian separators, zero-width blanks,
# direction marks, embeddings and isolates, operators, variation selectors, byte order mark, annotations, and tags.
REMOVED = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffc"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Joiners shape Persian and Hindi words and emoji; elsewhere they do nothing.
JOINERS = re.compile("[\u200c\u200d]+")
LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
TABS_AND_REMOVED = re.compile(rf"\t|{REMOVED.pattern}|{JOINERS.pattern}")


def normalize_text(text: str, *, multiline: bool = False) -> str:
    r"""Return `text` in NFC without invisible characters and surrounding blanks; a tab becomes a blank.

    Raises ValueError, with a message for people, on control characters and on lone surrogates. With `multiline`,
    line breaks are kept, written as `\n`.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    if multiline:
        text = LINE_BREAKS.sub("\n", text)
    text = text.replace("\t", " ")
    if not text.isascii():
        text = _without_invisible(_encodable(text))
    if not text.isprintable() and _has_control(text, allowed="\n" if multiline else ""):
        raise ValueError("Control characters are not allowed.")
    return text.strip()


def strip_invisible(text: str) -> str:
    """Return `text` without invisible characters, tabs and surrounding hard blanks: for codes and numbers.

    Control characters and lone surrogates stay, for the field to refuse.
    """
    if text.isascii() and text.isprintable():
        return text
    return TABS_AND_REMOVED.sub("", text).strip("\u00a0\u202f")


def has_visible_character(text: str) -> bool:
    """Return whether `text` has a character with a visible glyph."""
    return any(_is_visible(c) for c in text)


def visible_ascii(text: str) -> bool:
    """Return whether `text` is only visible ASCII: no blanks, no control characters."""
    return text.isascii() and text.isprintable() and " " not in text


def _is_visible(c: str) -> bool:
    is_tag = "\U000e0000" <= c <= "\U000e0fff"
    return unicodedata.category(c) not in INVISIBLE_CATEGORIES and c not in BLANK and not is_tag


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("Broken characters (lone surrogates) are not allowed.") from None
    return text


def _without_invisible(text: str) -> str:
    text = unicodedata.normalize("NFC", REMOVED.sub("", text))
    if JOINERS.search(text):
        text = unicodedata.normalize("NFC", JOINERS.sub(_joiner, text))
    return text


def _joiner(found: re.Match[str]) -> str:
    """Return one joiner between two characters of a script that uses them, else nothing."""
    before = found.string[found.start() - 1 : found.start()]
    after = found.string[found.end() : found.end() + 1]
    for neighbour in (before, after):
        if neighbour.isascii() or neighbour.isspace():
            return ""
    return found[0][0]


def _has_control(text: str, allowed: str) -> bool:
    return any(_is_control(c) for c in text if c not in allowed)


def _is_control(c: str) -> bool:
    # Cc: control; Zl, Zp: line and paragraph separators, which mail and CSV readers take for line ends.
    return unicodedata.category(c) in ("Cc", "Zl", "Zp")
