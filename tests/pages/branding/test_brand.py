"""Brand: names by content, and an accent that is readable in light and dark."""

from __future__ import annotations

import re

import pytest

from core.colours import contrast
from pages.branding.brand import DARK_PANEL, Brand, theme
from schedules.details.model import NO_DETAILS, EventDetails, Picture

MIN_CONTRAST = 4.5


def colours(sheet: str) -> list[dict[str, str]]:
    """Return the variables of the light and of the dark part."""
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part)) for part in sheet.split("@media")]


@pytest.mark.parametrize("accent", ["#20528f", "#7a1f5c", "#000000", "#a3271f", "#13593a", "#0000ff"])
def test_accent_is_readable_in_light_and_dark(accent: str) -> None:
    light, dark = colours(theme(accent))

    for part, ground in ((light, "#ffffff"), (dark, DARK_PANEL)):
        assert contrast(part["accent"], ground) >= MIN_CONTRAST
        assert contrast(part["accent"], part["tint"]) >= MIN_CONTRAST
        assert contrast(part["accent"], part["on-accent"]) >= MIN_CONTRAST
        assert contrast(part["accent-strong"], part["on-accent"]) >= MIN_CONTRAST


def test_event_without_details_has_no_files() -> None:
    assert Brand.of(NO_DETAILS).files == {}


def test_name_of_a_file_changes_with_its_content() -> None:
    names = set()
    for content in (b"<svg/>", b"<svg />"):
        brand = Brand.of(EventDetails(logo=Picture(content, "image/svg+xml", "svg")))
        names |= set(brand.files)

    assert len(names) == 2
    assert all(re.fullmatch(r"logo\.[0-9a-f]{12}\.svg", name) for name in names)
