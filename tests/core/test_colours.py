"""Colours: contrast and mixing, by the examples of WCAG 2."""

from __future__ import annotations

import pytest

from core.colours import BLACK, WHITE, contrast, mix


def test_contrast_of_black_and_white_is_twenty_one() -> None:
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast(WHITE, BLACK) == pytest.approx(21)


def test_contrast_of_equal_colours_is_one() -> None:
    assert contrast("#20528f", "#20528f") == 1


def test_contrast_of_grey_is_the_known_value() -> None:
    assert contrast("#767676", WHITE) == pytest.approx(4.54, abs=0.01)


def test_mix_returns_the_share_of_each_colour() -> None:
    assert mix(BLACK, WHITE, 0) == BLACK
    assert mix(BLACK, WHITE, 1) == WHITE
    assert mix(BLACK, WHITE, 0.5) == "#808080"
