"""Safe strings: what people typed, normalised, with nothing in it that a database, mail or CSV would choke on."""

from __future__ import annotations

import unicodedata

# Line breaks and tabs are text in a message; everywhere else they are control characters.
MULTILINE = "\n\t"
# Kinds of characters that show nothing by themselves: controls, formats such as joiners, marks on a letter, blanks.
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Mn", "Me", "Zs", "Zl", "Zp"})
# Letters and symbols that are blank: fillers of Hangul, a Braille cell and a note without dots; and places in Unicode
# that are kept for more of such.
BLANK = frozenset("\u115f\u1160\u2065\u2800\u3164\uffa0\U0001d159") | {chr(kept) for kept in range(0xFFF0, 0xFFF9)}


def normalize_text(text: str, *, multiline: bool = False) -> str:
    r"""Return `text` in NFC without surrounding blanks.

    Raises ValueError, with a sentence for people, on control characters and on lone surrogates. With `multiline`,
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
    """Return whether anything of `text` can be seen."""
    return any(
        unicodedata.category(c) not in INVISIBLE_CATEGORIES and c not in BLANK and not "\U000e0000" <= c <= "\U000e0fff"
        for c in text
    )


def fold(text: str) -> str:
    """Return `text` as it is compared when letter case does not matter."""
    return unicodedata.normalize("NFC", text.casefold())


def digits(text: str) -> str:
    """Return only the ASCII digits of `text`, so that `+91 98765` and `(91) 98-765` are the same."""
    return "".join(c for c in text if c in "0123456789")


def visible_ascii(text: str) -> bool:
    """Return whether `text` is only visible ASCII: no blanks, no control characters."""
    return text.isascii() and text.isprintable() and " " not in text


def _normal(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("Broken characters (lone surrogates) are not allowed.") from None
    return unicodedata.normalize("NFC", text)


def _has_control(text: str, allowed: str) -> bool:
    # Cc: control; Zl, Zp: line and paragraph separators, which mail and CSV readers take for line ends;
    # bidi overrides let one text masquerade as another.
    return any(
        (unicodedata.category(c) in ("Cc", "Zl", "Zp") or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
        and c not in allowed
        for c in text
    )
