"""Wall-clock times of a time zone as instants, with tests for skipped and repeated hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
# Files of the zone database that name no place: the machine's own zone, test zones, and zones with leap seconds.
NO_ZONES = frozenset({"localtime", "posixrules", "factory", "leapseconds"})
NO_ZONE_FOLDERS = ("right/", "posix/")


@dataclass(frozen=True)
class WallTime:
    """A minute on the clocks of `zone`; `minute` counts from midnight of `day` and may be on the next day."""

    day: date
    minute: int
    zone: ZoneInfo

    @property
    def calendar_date(self) -> date:
        """Return the date that the calendar shows at this time."""
        return self._local.date()

    @property
    def clock(self) -> str:
        """Return HH:MM; 24:00 is 00:00."""
        return f"{self._local:%H:%M}"

    @property
    def instant(self) -> datetime:
        """Return the instant in UTC: the first of two, and for a skipped time the one that many minutes after."""
        return self._local.astimezone(UTC)

    @property
    def is_skipped(self) -> bool:
        """Return whether the clocks jump over this time."""
        shown = self.instant.astimezone(self.zone)
        return shown.replace(tzinfo=None) != self._local.replace(tzinfo=None)

    @property
    def is_repeated(self) -> bool:
        """Return whether the clocks show this time twice."""
        return not self.is_skipped and self._local.utcoffset() != self._local.replace(fold=1).utcoffset()

    @property
    def before(self) -> WallTime:
        """Return the minute before."""
        return WallTime(self.day, self.minute - 1, self.zone)

    @property
    def _local(self) -> datetime:
        wall = datetime.combine(self.day, time()) + self.minute * MINUTE
        return wall.replace(tzinfo=self.zone)


def reason_to_omit(start: WallTime, end: WallTime) -> str:
    """Return why no slot can have these hours on this date: `skipped`, `repeated`, or nothing.

    A slot may end when the clocks change, and may contain the change.
    """
    if start.is_skipped or end.before.is_skipped:
        return "skipped"
    if start.is_repeated:
        return "repeated"
    return ""


def zone_named(name: str) -> ZoneInfo:
    """Return the zone `name` of the IANA database; raises ValueError for files that are no zone of a place."""
    if name.lower() in NO_ZONES or name.lower().startswith(NO_ZONE_FOLDERS):
        raise ValueError("names no zone of a place.")
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not in the IANA database.") from None
