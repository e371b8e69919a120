"""Data of the dashboard's charts: tables with title, columns and summary in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.i18n import ENGLISH, Language, format_date, format_number
from notifications.outbox.model import EmailStatus
from schedules.model import Slot

NONE = "\u2013"


@dataclass(frozen=True)
class Occupancy:
    """Booked places and capacity of a slot."""

    booked: int
    capacity: int
    closed: bool = False

    @property
    def percent(self) -> int:
        """Return the booked percentage; 0 only if nothing is booked, 100 only if everything is."""
        if not self.booked:
            return 0
        if not self.capacity or self.booked == self.capacity:
            return 100
        return min(99, max(1, round(100 * self.booked / self.capacity)))

    @property
    def ratio(self) -> str:
        return f"{self.booked}/{self.capacity}"


Cell = str | int | Occupancy | None
Row = tuple[Cell, ...]


@dataclass(frozen=True)
class ChartData:
    """A table to draw; the first cell of a row is its label, and None is an empty cell."""

    name: str
    title: str
    summary: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    language: Language = ENGLISH

    @property
    def counts(self) -> list[int]:
        """Return the second cells of the rows, where these are numbers."""
        return [row[1] for row in self.rows if isinstance(row[1], int)]

    @property
    def formatted_rows(self) -> list[list[str]]:
        """Return the rows as text."""
        return [[self.format(cell) for cell in row] for row in self.rows]

    def format(self, cell: Cell) -> str:
        """Return a cell as text."""
        if cell is None:
            return NONE
        if isinstance(cell, int):
            return format_number(self.language, cell)
        if isinstance(cell, Occupancy):
            return self._format_occupancy(cell)
        return format_date(self.language, cell, "medium")

    def _format_occupancy(self, places: Occupancy) -> str:
        if not places.closed:
            return places.ratio
        closed = self.language.translations.pgettext("a slot", "closed")
        return f"{places.ratio}, {closed}"


def occupancy_by_slot(slots: Sequence[Slot], language: Language = ENGLISH, month: str = "") -> ChartData:
    """Return the occupancy of the slots, a row for each date and a column for each hour.

    The title names their `month`, YYYY-MM, if it is given.
    """
    words = language.translations
    hours = sorted({slot.start for slot in slots})
    by_date: dict[str, dict[str, Occupancy]] = {}
    for slot in slots:
        places = Occupancy(slot.booked_count, slot.capacity, slot.closed)
        by_date.setdefault(slot.date, {})[slot.start] = places
    booked = sum(slot.booked_count for slot in slots)
    seats = sum(slot.capacity for slot in slots)
    full = sum(slot.booked_count >= slot.capacity for slot in slots)
    percent = Occupancy(booked, seats).percent
    summary = _filled(
        language,
        words.gettext("{booked} of {seats} places are booked, {percent} %. {full} of {slots} slots are full."),
        {"booked": booked, "seats": seats, "percent": percent, "full": full, "slots": len(slots)},
    )
    rows: list[Row] = []
    for date, by_hour in sorted(by_date.items()):
        rows.append((date, *map(by_hour.get, hours)))
    columns = (words.gettext("Date"), *hours)
    title = words.gettext("Booked by date and hour")
    if month:
        name = format_date(language, f"{month}-01", language.month)
        title = words.gettext("Booked by date and hour, {month}").format(month=name)
    return ChartData("fill", title, summary, columns, tuple(rows), language)


def bookings_per_day(days: Sequence[tuple[str, int]], language: Language = ENGLISH) -> ChartData:
    """Return the number of bookings made on each of `days`."""
    words = language.translations
    total = sum(number for _, number in days)
    best, most = max(days, key=lambda day: day[1])
    sentence = words.gettext("No booking was made in {days} days.")
    if total:
        sentence = words.ngettext(
            "{total} booking was made in {days} days, on {best}. Cancelled ones count too.",
            "{total} bookings were made in {days} days, most on {best}: {most}. Cancelled ones count too.",
            total,
        )
    summary = _filled(language, sentence, {"total": total, "days": len(days), "most": most}, best=best)
    columns = (words.gettext("Date"), words.gettext("Bookings"))
    return ChartData("bookings", words.gettext("Bookings made, by day"), summary, columns, tuple(days), language)


def emails_by_status(counts: Mapping[str, int], language: Language = ENGLISH) -> ChartData:
    """Return the number of e-mails in each state."""
    words = language.translations
    sent = counts["sent"]
    dead = counts["dead"]
    total = sum(counts.values())
    summary = _filled(
        language,
        words.ngettext(
            "{total} e-mail: {sent} sent, {open} under way, {dead} given up.",
            "{total} e-mails, of which {sent} are sent, {open} under way and {dead} given up.",
            total,
        ),
        {"total": total, "sent": sent, "dead": dead, "open": total - sent - dead},
    )
    rows = tuple((name, counts[state]) for state, name in _states(language).items())
    columns = (words.gettext("State"), words.gettext("E-mails"))
    return ChartData("letters", words.gettext("E-mails by state"), summary, columns, rows, language)


def _states(language: Language) -> Mapping[EmailStatus, str]:
    words = language.translations
    return {
        EmailStatus.QUEUED: words.gettext("queued"),
        EmailStatus.SENDING: words.gettext("sending"),
        EmailStatus.RETRYING: words.gettext("retrying"),
        EmailStatus.SENT: words.gettext("sent"),
        EmailStatus.DEAD: words.gettext("given up"),
    }


def _filled(language: Language, sentence: str, numbers: Mapping[str, int], best: str = "") -> str:
    formatted = {name: format_number(language, number) for name, number in numbers.items()}
    return sentence.format(**formatted, best=format_date(language, best, "medium"))
