"""Colours as #rrggbb: mixing, and the contrast ratio of WCAG 2."""

from __future__ import annotations

WHITE = "#ffffff"
BLACK = "#000000"


def mix(colour: str, other: str, share: float) -> str:
    """Return `colour` with this share, from 0 to 1, of `other`."""
    mixed = []
    for first, second in zip(_channels(colour), _channels(other), strict=True):
        mixed.append(round(first + (second - first) * share))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def contrast(colour: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(colour), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    if channel <= 0.04045:
        return channel / 12.92
    return float(((channel + 0.055) / 1.055) ** 2.4)
