"""Text normalisation: Unicode NFC without control characters, visibility, folding and digits."""

from __future__ import annotations

import unicodedata

# Line breaks and tabs are text in a message; everywhere else they are control characters.
MULTILINE = "\n\t"
# Categories without a visible glyph of their own: controls, formats such as joiners, combining marks, blanks.
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Mn", "Me", "Zs", "Zl", "Zp"})
# Blank letters and symbols: Hangul fillers, an empty Braille cell, a null note; and code points reserved for more.
BLANK = frozenset("\u115f\u1160\u2065\u2800\u3164\uffa0\U0001d159") | {chr(code) for code in range(0xFFF0, 0xFFF9)}

BIDI_CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def normalize_text(text: str, *, multiline: bool = False) -> str:
    r"""Return `text` in NFC without surrounding blanks.

    Raises ValueError, with a message for people, on control characters and on lone surrogates. With `multiline`,
    line breaks (written as `\n` afterwards) and tabs are kept.
    """
    if multiline:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = _normal(text)
    if not text.isprintable() and _has_control(text, allowed=MULTILINE if multiline else ""):
        raise ValueError("Control characters are not allowed.")
    return text.strip()


def has_visible_character(text: str) -> bool:
    """Return whether `text` has a character with a visible glyph."""
    return any(_is_visible(c) for c in text)


def fold(text: str) -> str:
    """Return the form of `text` for comparisons that ignore case."""
    return unicodedata.normalize("NFC", text.casefold())


def digits(text: str) -> str:
    """Return only the ASCII digits of `text`, so that `+91 98765` and `(91) 98-765` are the same."""
    return "".join(c for c in text if c in "0123456789")


def visible_ascii(text: str) -> bool:
    """Return whether `text` is only visible ASCII: no blanks, no control characters."""
    return text.isascii() and text.isprintable() and " " not in text


def _is_visible(c: str) -> bool:
    is_tag = "\U000e0000" <= c <= "\U000e0fff"
    return unicodedata.category(c) not in INVISIBLE_CATEGORIES and c not in BLANK and not is_tag


def _normal(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("Broken characters (lone surrogates) are not allowed.") from None
    return unicodedata.normalize("NFC", text)


def _has_control(text: str, allowed: str) -> bool:
    return any(_is_control(c) for c in text if c not in allowed)


def _is_control(c: str) -> bool:
    # Cc: control; Zl, Zp: line and paragraph separators, which mail and CSV readers take for line ends;
    # bidi overrides let one text masquerade as another.
    return unicodedata.category(c) in ("Cc", "Zl", "Zp") or c in BIDI_CONTROLS
