"""Brand of the event: its files by their fingerprinted names, and the style sheet of its accent colour."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from core.colours import BLACK, WHITE, contrast, mix
from schedules.details.model import EventDetails, Picture

# The panel of the dark style sheet, on which the lighter accent is read.
DARK_PANEL = "#1b212b"
DARK_CONTRAST = 8.0
STEP = 0.1
DIGEST_LENGTH = 12
THEME = """\
:root {{ --accent: {accent}; --accent-strong: {strong}; --on-accent: {white}; --tint: {tint}; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --accent: {light}; --accent-strong: {lighter}; --on-accent: {ink}; --tint: {dark_tint}; }}
}}
"""


@dataclass(frozen=True)
class BrandFile:
    """A file of the brand; its name changes with its content."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True)
class Brand:
    """The files of an event's brand; each is None if the schedule file does not name it."""

    logo: BrandFile | None = None
    image: BrandFile | None = None
    theme: BrandFile | None = None

    @classmethod
    def of(cls, details: EventDetails) -> Brand:
        """Return the brand in the details of a schedule."""
        return cls(_file_of("logo", details.logo), _file_of("image", details.image), _theme_file(details.accent))

    @cached_property
    def files(self) -> Mapping[str, BrandFile]:
        """The files by their names."""
        return {file.name: file for file in (self.logo, self.image, self.theme) if file}


def theme(accent: str) -> str:
    """Return the style sheet of an accent colour; the dark one has a lighter accent."""
    light = accent
    while contrast(light, DARK_PANEL) < DARK_CONTRAST:
        light = mix(light, WHITE, STEP)
    return THEME.format(
        accent=accent,
        strong=mix(accent, BLACK, 0.25),
        white=WHITE,
        tint=mix(accent, WHITE, 0.9),
        light=light,
        lighter=mix(light, WHITE, 0.4),
        ink=mix(accent, BLACK, 0.8),
        dark_tint=mix(accent, DARK_PANEL, 0.75),
    )


def _theme_file(accent: str) -> BrandFile | None:
    if not accent:
        return None
    return _file_of("theme", Picture(theme(accent).encode(), "text/css", "css"))


def _file_of(name: str, picture: Picture | None) -> BrandFile | None:
    if picture is None:
        return None
    digest = hashlib.sha256(picture.content).hexdigest()[:DIGEST_LENGTH]
    return BrandFile(f"{name}.{digest}.{picture.extension}", picture.content, picture.media_type)
