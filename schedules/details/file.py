"""Parser of the table [event] of a schedule file, and of its translations; each bad value is refused by line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.colours import WHITE, contrast, mix
from schedules.details.model import NO_DETAILS, EventDetails, Picture
from schedules.toml_file import Table

MAX_DESCRIPTION = 4_000
MAX_LINE = 300
MAX_LOGO_BYTES = 100_000
MAX_IMAGE_BYTES = 500_000
# WCAG 2 AA for text.
MIN_CONTRAST = 4.5
# The share of the accent in the ground of a selected element.
TINT = 0.9
DEGREES = r"(-?\d{1,3}(?:\.\d{1,10})?)"
# The first bytes of each kind of picture, its media type and extension.
KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"RIFF", "image/webp", "webp"),
    (b"<svg", "image/svg+xml", "svg"),
)


def line(value: Any) -> str:
    """Check a text on one line."""
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_LINE or not value.strip().isprintable():
        raise ValueError(f"must be a text of 1 to {MAX_LINE} characters on one line.")
    return value.strip()


def paragraphs(value: Any) -> str:
    """Check a text that may have several lines."""
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_DESCRIPTION:
        raise ValueError(f"must be a text of 1 to {MAX_DESCRIPTION} characters.")
    if not value.replace("\n", " ").replace("\t", " ").isprintable():
        raise ValueError("must not have control characters.")
    return value.strip()


def web_address(value: Any) -> str:
    if not isinstance(value, str) or not _is_web_address(value):
        raise ValueError("must be a web address that begins with https:// or http://.")
    return value


def coordinates(value: Any) -> tuple[float, float]:
    found = isinstance(value, str) and re.fullmatch(rf"{DEGREES}\s*,\s*{DEGREES}", value, re.ASCII)
    if not found or abs(float(found[1])) > 90 or abs(float(found[2])) > 180:
        raise ValueError('must be latitude and longitude in degrees, such as "52.5186, 13.4082".')
    return float(found[1]), float(found[2])


def accent(value: Any) -> str:
    """Check a colour that is readable on white, below white, and on its own tint."""
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value, re.ASCII):
        raise ValueError('must be a colour such as "#20528f".')
    colour = value.lower()
    reached = contrast(colour, mix(colour, WHITE, TINT))
    if reached < MIN_CONTRAST:
        raise ValueError(f"is too light to be read: its contrast is {reached:.1f}, and {MIN_CONTRAST} is needed.")
    return colour


TEXTS: Mapping[str, Callable[[Any], str]] = {
    "place": line,
    "address": paragraphs,
    "description": paragraphs,
    "image_alt": line,
    "organiser": line,
    "contact": line,
    "map_url": web_address,
    "imprint_url": web_address,
    "privacy_url": web_address,
}
KEYS = {*TEXTS, "geo", "logo", "image", "accent"}


def parse(file: Table, folder: Path) -> EventDetails:
    """Return the details in the table [event] of a schedule file; pictures are files in `folder`."""
    if "event" not in file.values:
        return NO_DETAILS
    table = file.child("event")
    table.refuse_unknown(KEYS)
    others: dict[str, Any] = {}
    for key, check in (
        ("geo", coordinates),
        ("accent", accent),
        ("logo", _picture(folder, MAX_LOGO_BYTES)),
        ("image", _picture(folder, MAX_IMAGE_BYTES)),
    ):
        if key in table.values:
            others[key] = table.get(key, check)
    return EventDetails(**translated_texts(table), **others)


def translation(details: EventDetails, table: Table) -> EventDetails:
    """Return `details` with the texts that `table` gives in another language."""
    return replace(details, **translated_texts(table))


def translated_texts(table: Table) -> dict[str, Any]:
    """Return the checked texts among the values of `table`, by their names."""
    found = {}
    for key, check in TEXTS.items():
        if key in table.values:
            found[key] = table.get(key, check)
    return found


def _is_web_address(value: str) -> bool:
    if len(value) > 2_000 or not re.fullmatch(r"[!-~]+", value) or set(value) & set('<>"\\^`{|}'):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname) and not parts.username


def _picture(folder: Path, max_bytes: int) -> Callable[[Any], Picture]:
    """Return the check for the name of a picture file."""

    def check(value: Any) -> Picture:
        name = line(value)
        try:
            content = (folder / name).read_bytes()
        except (OSError, ValueError):
            raise ValueError("names no file that can be read; its path begins at the schedule file's folder.") from None
        if len(content) > max_bytes:
            raise ValueError(f"has {len(content):,} bytes; at most {max_bytes:,} are served.")
        for beginning, media_type, extension in KINDS:
            if content.lstrip().startswith(beginning):
                return Picture(content, media_type, extension)
        raise ValueError("must be a PNG, JPEG, WebP or SVG picture.")

    return check
