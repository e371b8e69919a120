"""Search folding: one form for what is stored and typed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.folding import fold, phone_digits


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("M\u00fcller", "Muller"),
        ("M\u00fcller", "MU\u0308LLER"),
        ("O\u2019Brien", "O'Brien"),
        ("O'Neil", "oneil"),
        ("\u0130pek", "ipek"),
        ("I\u015f\u0131k", "isik"),
        ("STRASSE", "stra\u00dfe"),
        ("\u0141\u00f3d\u017a", "lodz"),
        ("S\u00f8ren \u00c6r\u00f8", "soren aero"),
        ("\u039d\u03af\u03ba\u03bf\u03c2", "\u039d\u0399\u039a\u039f\u03a3"),
        ("\u0410\u043b\u0451\u043d\u0430", "\u0410\u041b\u0415\u041d\u0410"),
        ("\u0623\u062d\u0645\u062f", "\u0627\u062d\u0645\u062f"),
        ("\u0645\u062d\u0645\u0651\u062f", "\u0645\u0640\u062d\u0645\u062f"),
        ("\u05e9\u05c1\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5\u05dd"),
        ("Nguy\u1ec5n \u0110\u1ee9c", "nguyen duc"),
        ("\uff21\uff44\uff41\u3000Lovelace", "ada lovelace"),
        ("Anna\u2013Maria", "anna-maria"),
        ("Anna\u2011Maria", "anna-maria"),
        ("Ada\u00a0 Lovelace", " ada lovelace "),
        ("A\u200bda", "ada"),
        ("\ufb01nn", "finn"),
        ("\u0663\u0664", "34"),
        ("\u0149", "n"),
    ],
)
def test_stored_and_typed_text_fold_to_the_same(stored: str, typed: str) -> None:
    assert fold(stored) == fold(typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", "Adam"),
        ("\u304b", "\u304c"),
        ("\u0930\u093e\u0939\u0941\u0932", "\u0930\u093e\u0939\u0932"),
        ("\u674e", "\u738b"),
        ("a.b", "ab"),
        ("a b", "ab"),
    ],
)
def test_different_letters_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
@settings(max_examples=300, derandomize=True, database=None)
def test_folding_twice_changes_nothing(text: str) -> None:
    folded = fold(text)

    assert fold(folded) == folded
    assert "\n" not in folded
    assert folded == folded.strip()


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("+91 98765", "9198765"),
        ("(91) 98-765", "9198765"),
        ("+49 (0)151 23456780", "4915123456780"),
        ("+49 ( 0 ) 151", "49151"),
        ("(0)151", "0151"),
        ("\u0660\u0661\u0665\u0661", "0151"),
        ("\uff0b\uff14\uff19\uff08\uff10\uff09\uff11\uff15\uff11", "49151"),
        ("\u0967\u0968", "12"),
        ("", ""),
        ("abc\u00b2", ""),
    ],
)
def test_phone_digits_of_every_script_are_ascii(typed: str, digits: str) -> None:
    assert phone_digits(typed) == digits
