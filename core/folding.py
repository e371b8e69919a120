"""Search folding: one form for stored and typed text, without case, accents, apostrophes and widths (Unicode NFKD)."""

from __future__ import annotations

import re
import unicodedata

# Letters with a stroke or a tail have no decomposition in Unicode; casefold already writes ß as ss.
UNDECOMPOSED = str.maketrans(
    {
        "\u0131": "i",
        "\u0142": "l",
        "\u00f8": "o",
        "\u0111": "d",
        "\u00f0": "d",
        "\u0127": "h",
        "\u00fe": "th",
        "\u00e6": "ae",
        "\u0153": "oe",
        "\u014b": "n",
        "\u0167": "t",
    }
)
APOSTROPHES = (
    "'`\u00b4\u2018\u2019\u201a\u201b\u2032\u2035\u02b9\u02bb\u02bc\u02bd\u02c8"
    "\u02ca\u02cb\u055a\u05f3\uff07\ua78c\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u0022"
    "\u2039\u203a\u05f4\uff02"
)
DASHES = "\u2212\u02d7\u2043"
# Tatweel lengthens a word; the others have no glyph though Unicode counts them as marks.
WITHOUT_SOUND = "\u0640\u034f" + "".join(map(chr, range(0xFE00, 0xFE10)))
# Combining classes of marks that are letters of their own: nukta, Japanese voicing marks, virama.
SPELLING_MARKS = (7, 8, 9)
DROPPED = str.maketrans("", "", APOSTROPHES + WITHOUT_SOUND)
FULLWIDTH_BRACKETS = {"\uff08": "(", "\uff09": ")"}
BLANKS = re.compile(r"\s+")
# `(0)` in an international number is dialled within the country only.
TRUNK_ZERO = re.compile(r"(?<=\d)\s*\(\s*0\s*\)")


def fold(text: str) -> str:
    """Return the form of `text` in which search compares; folding it again changes nothing."""
    folded = text.lower() if text.isascii() else _fold_unicode(text)
    return BLANKS.sub(" ", folded.translate(DROPPED)).strip()


def phone_digits(text: str) -> str:
    """Return the digits of a typed phone number in ASCII, without the `(0)` of `+49 (0)151`."""
    ascii_digits = "".join(_ascii_digit(c) for c in text)
    return "".join(c for c in TRUNK_ZERO.sub("", ascii_digits) if c in "0123456789")


def _fold_unicode(text: str) -> str:
    # An acute accent on its own decomposes to a blank, so apostrophes go first.
    text = text.translate(DROPPED)
    # Compatibility forms may be upper case themselves, so case is folded before and after.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.casefold()).casefold())
    kept = "".join(_fold_character(c) for c in decomposed)
    return unicodedata.normalize("NFC", kept.translate(UNDECOMPOSED))


def _fold_character(c: str) -> str:
    if c.isascii():
        return c
    category = unicodedata.category(c)
    if category == "Nd":
        return _ascii_digit(c)
    if category == "Cf" or _is_accent(c):
        return ""
    if category == "Pd" or c in DASHES:
        return "-"
    return c


def _is_accent(c: str) -> bool:
    return unicodedata.combining(c) not in (0, *SPELLING_MARKS)


def _ascii_digit(c: str) -> str:
    """Return the ASCII digit of a decimal digit of any script, and any other character unchanged."""
    if c.isascii():
        return c
    value = unicodedata.decimal(c, None)
    if value is not None:
        return str(value)
    return FULLWIDTH_BRACKETS.get(c, c)
