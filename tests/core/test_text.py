"""Safe strings: what is kept, and what is refused."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text import has_visible_character, normalize_text, strip_invisible, visible_ascii


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("", ""),
        ("  Ada  ", "Ada"),
        ("\u00a0\u3000Ada\u2003", "Ada"),
        ("e\u0301", "\u00e9"),
        ("A  B", "A  B"),
        ("\u200bAda", "Ada"),
        ("Ada\tLovelace\t", "Ada Lovelace"),
        ("\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680"),
        ("\u0628\u0631\u0644\u064a\u0646", "\u0628\u0631\u0644\u064a\u0646"),
    ],
)
def test_text_is_normalized_to_nfc_without_surrounding_blanks(given_text: str, kept: str) -> None:
    assert normalize_text(given_text) == kept


# Characters without a glyph that copied text brings along.
REMOVED = [
    "\u200b", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u200f", "\u061c", "\u202a", "\u202b", "\u202c", "\u202d",
    "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u2061", "\u2064", "\u206a", "\u206f", "\u180e", "\u180b",
    "\u034f", "\ufe00", "\ufe0f", "\U000e0100", "\U000e01ef", "\U000e0020", "\ufff9", "\ufffc", "\U0001d173",
]  # fmt: skip
CONTROLS = ["\x00", "\x01", "\x1f", "\x7f", "\x80", "\x9f", "\x1b", "\x08"]
BREAKS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("character", REMOVED)
@pytest.mark.parametrize("multiline", [False, True])
def test_invisible_character_is_removed_wherever_it_is(character: str, multiline: bool) -> None:
    for text in (
        f"{character}Ada",
        f"A{character}da",
        f"Ada{character}",
        f"{character}\u00a0A{character}{character}da ",
    ):
        assert normalize_text(text, multiline=multiline) == "Ada"
    assert normalize_text(character, multiline=multiline) == ""


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
def test_joiner_stays_only_between_two_letters_that_it_joins(joiner: str) -> None:
    for text in ("\u0639\u0644\u06cc{}\u0631\u0636\u0627", "\u0915\u094d{}\u0937", "\U0001f469{}\U0001f680"):
        joined = text.format(joiner)
        assert normalize_text(joined) == joined
        assert normalize_text(text.format(joiner * 3)) == joined
        assert normalize_text(f"{joiner} {joined} {joiner}") == joined
        assert normalize_text(f"{joined}{joiner} {joined}") == f"{joined} {joined}"
    assert normalize_text(f"Ad{joiner}a") == "Ada"


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("multiline", [False, True])
def test_control_character_is_refused_wherever_it_is(control: str, multiline: bool) -> None:
    for text in (f"a{control}b", f"{control}ab", f"ab{control}"):
        with pytest.raises(ValueError, match="Control characters"):
            normalize_text(text, multiline=multiline)


@pytest.mark.parametrize("line_break", BREAKS)
def test_line_break_is_kept_in_a_message_and_refused_elsewhere(line_break: str) -> None:
    assert normalize_text(f"a{line_break}b", multiline=True) == "a\nb"
    with pytest.raises(ValueError, match="Control characters"):
        normalize_text(f"a{line_break}b")


def test_tab_becomes_a_blank() -> None:
    assert normalize_text("a\tb") == normalize_text("a\tb", multiline=True) == "a b"


@pytest.mark.parametrize("character", [*REMOVED, "\t", "\u200c", "\u200d"])
def test_invisible_character_is_stripped_from_a_code(character: str) -> None:
    assert strip_invisible(f"{character}+4\u00e9{character}9{character}") == "+4\u00e99"


@pytest.mark.parametrize("character", [*CONTROLS, "\n", "\ud800"])
def test_control_character_of_a_code_stays_for_its_field(character: str) -> None:
    assert strip_invisible(f"a{character}\u200bb") == f"a{character}b"


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\udc00\ud800"])
def test_lone_surrogates_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="lone surrogates"):
        normalize_text(text)


@given(st.text(st.characters()), st.booleans())
@settings(max_examples=200, derandomize=True, database=None)
def test_normalised_text_can_be_stored_and_is_stable(text: str, multiline: bool) -> None:
    try:
        kept = normalize_text(text, multiline=multiline)
    except ValueError:
        return

    assert kept.encode().decode() == kept == kept.strip()
    assert unicodedata.is_normalized("NFC", kept)
    assert normalize_text(kept, multiline=multiline) == kept
    assert "\x00" not in kept
    assert "\r" not in kept


@pytest.mark.parametrize("unseen", [
    "", " ", "\u00a0", "\u200b", "\u200c\u200d", "\u2060", "\ufeff", "\u00ad", "\u061c", "\u115f", "\u1160", "\u3164",
    "\uffa0", "\u2800", "\u034f", "\u180b", "\u17b4", "\ufe0f", "\u0301", "\u20dd", "\u2065", "\ufff0",
    "\U0001d159", "\U000e0020", "\U000e0100", "\U000e0fff",
])  # fmt: skip
def test_text_of_invisible_characters_has_no_visible_character(unseen: str) -> None:
    assert not has_visible_character(unseen)
    assert not has_visible_character(unseen * 2)
    for seen in ("A", "\u674e", "\ud55c", "\u1112", "\u0645", "\u0915", "7", "-", "\u2801", "\U0001f469"):
        assert has_visible_character(f"{unseen}{seen}{unseen}")


@pytest.mark.parametrize(
    ("text", "visible"),
    [("abc!~", True), ("a b", False), ("a\tb", False), ("a\x7f", False), ("caf\u00e9", False), (" ", False)],
)
def test_visible_ascii_has_neither_blanks_nor_controls_nor_other_letters(text: str, visible: bool) -> None:
    assert visible_ascii(text) is visible
