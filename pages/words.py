"""What pages say in words: dates and hours as the letters say them, places left, minutes to wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from notifications.render import ENGLISH, day_in_words, hours_in_words


def places(remaining: int) -> str:
    """Return how many places are left, as it is said of one slot."""
    if remaining == 0:
        return "Full: waiting list"
    return "1 place left" if remaining == 1 else f"{remaining} places left"


def minutes(seconds: int) -> str:
    """Return a time to wait, rounded up to whole minutes."""
    whole = max(1, -(-seconds // 60))
    return "a minute" if whole == 1 else f"{whole} minutes"


_SHORT = tuple(weekday[:3] for weekday in ENGLISH.weekdays)
# `day` and `hours` are the letters' own; `short_day` leaves the year out where it is clear, `brief_day` is shorter.
FILTERS: Mapping[str, Callable[..., str]] = {
    "day": partial(day_in_words, ENGLISH),
    "short_day": partial(day_in_words, replace(ENGLISH, day="{weekday} {day} {month}")),
    "brief_day": partial(day_in_words, replace(ENGLISH, weekdays=_SHORT, day="{weekday} {day} {month}")),
    "hours": partial(hours_in_words, ENGLISH),
    "places": places,
}
