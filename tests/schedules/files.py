"""Texts of schedule files for tests."""

from __future__ import annotations

from collections.abc import Sequence

HEAD = """\
id = "test"
name = "Test days"
timezone = "{zone}"
refusal = "Only test days."
slot_minutes = {minutes}
capacity = 2
"""


def schedule_text(
    *,
    zone: str = "Europe/Berlin",
    dates: Sequence[str] = ("2026-03-01",),
    start: str = "10:00",
    end: str = "12:00",
    minutes: int = 60,
) -> str:
    """Return a file with one day template on `dates`."""
    day = f'[[days]]\nname = "A"\nstart = "{start}"\nend = "{end}"\n'
    return f"{HEAD.format(zone=zone, minutes=minutes)}dates = {list(dates)}\n{day}"


def with_days(days: str, *, dates: Sequence[str] = ("2026-03-01",), minutes: int = 60) -> str:
    """Return a file with the `[[days]]` tables of `days`."""
    return f"{HEAD.format(zone='Europe/Berlin', minutes=minutes)}dates = {list(dates)}\n{days}"


def with_rule(rule: str, *, first: str = "2026-03-01", zone: str = "Europe/Berlin") -> str:
    """Return a file with a recurrence rule, written as a TOML value; its lines are 8 `first` and 9 `rule`."""
    head = HEAD.format(zone=zone, minutes=60)
    return f'{head}[recurrence]\nfirst = {first}\nrule = {rule}\n[[days]]\nname = "A"\nstart = "10:00"\nend = "12:00"\n'
