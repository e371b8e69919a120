"""Figures as SVG, drawn by pygal: without styles and scripts, for the page's style sheet gives every colour.

All text is drawn in the size that was asked for: the plot is as wide as the page has room, and never scaled.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element, tostring  # nosec B405 # it writes, and parses nothing

import pygal
from pygal.style import Style

from admin.dashboard.chart_data import ChartData, Occupancy, Row
from core.i18n import Language, format_date, format_number
from notifications.outbox.model import EmailStatus

# pygal leaves a finder for its map plugins, in a form that Python has given up and other importers stumble over.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != pygal.__name__]

NARROWEST, WIDEST, STEP = 280, 1320, 8
TEXT_PIXELS = 12
# Half of an axis's last label stands beyond it.
LAST_LABEL_PIXELS = 24
LETTER_PIXELS = 0.58 * TEXT_PIXELS
ROW_PIXELS = 28
DATE_PIXELS = 64
CHART_STYLE = Style(label_font_size=TEXT_PIXELS, major_label_font_size=TEXT_PIXELS, value_font_size=TEXT_PIXELS)
# pygal's own looks and what its script needs.
DROPPED = ("defs", "desc", "script", "style")
COMMON = {
    "style": CHART_STYLE, "css": [], "js": [], "show_legend": False, "no_prefix": True, "margin": 4,
    "truncate_label": -1, "explicit_size": True, "spacing": 6,
}  # fmt: skip


def svg(figure: ChartData, width: int) -> str:
    """Return `figure` as a plot about `width` pixels wide."""
    return _drawn(figure, min(WIDEST, max(NARROWEST, width // STEP * STEP)))


@lru_cache(maxsize=64)
def _drawn(figure: ChartData, width: int) -> str:
    chart = PLOTS[figure.name](figure, width)
    root = chart.render_tree()
    _strip(root)
    ids = [f"plot-{figure.name}-{part}" for part in ("title", "desc")]
    root.attrib |= {"role": "img", "aria-labelledby": " ".join(ids), "class": f"plot-{figure.name}"}
    for tag, id_, text in zip(("desc", "title"), ids[::-1], (figure.summary, figure.title), strict=True):
        node = Element(tag, {"id": id_})
        node.text = text
        root.insert(0, node)
    return tostring(root, encoding="unicode")


class HeatMap(pygal.Dot):
    """pygal's grid of dots with a cell in the place of each: its colour and its number say the same."""

    def dot(self, serie: Any, _r_max: float) -> None:
        """Draw a row of cells."""
        row = self.svg.serie(serie)
        width = self.view.x(1) - self.view.x(0)
        height = self.view.y(0) - self.view.y(1)
        date, *cells = self.figure.rows[serie.index]
        for (x, y), hour, at in zip(map(self.view, serie.points), self.figure.columns[1:], cells, strict=True):
            if at is not None:
                group = self.svg.node(row["plot"], class_=f"cell level-{level(at)}{' closed' if at.closed else ''}")
                self._cell(group, (x - width / 2, y - height / 2), (width, height), self.say(at))
                self.svg.node(group, "title").text = f"{self.figure.format(date)}, {hour}: {self.figure.format(at)}"

    def _cell(self, group: Element, corner: tuple[float, float], size: tuple[float, float], text: str) -> None:
        sides = {"x": corner[0] + 1, "y": corner[1] + 1, "width": size[0] - 2, "height": size[1] - 2, "rx": 3}
        self.svg.node(group, "rect", **sides)
        middle = {"x": corner[0] + size[0] / 2, "y": corner[1] + size[1] / 2 + TEXT_PIXELS / 3}
        self.svg.node(group, "text", **middle).text = text

    @property
    def _values(self) -> list[float]:
        """Return that there is something to draw, also while nothing is booked."""
        return [1.0]


def level(places: Occupancy) -> int:
    """Return the colour of a cell: 0 for nothing, 1 to 3 for parts, 4 for full."""
    return 0 if not places.percent else 4 if places.percent == 100 else 1 + min(2, places.percent * 3 // 100)


def _fill(figure: ChartData, width: int) -> Any:
    hours, rows = figure.columns[1:], figure.rows
    room = (width - DATE_PIXELS) / max(1, len(hours))
    chart = HeatMap(**COMMON, width=width, height=ROW_PIXELS * len(rows) + 40)
    chart.figure = figure
    longest = max(len(_ratio(cell)) for row in rows for cell in row if isinstance(cell, Occupancy))
    chart.say = _ratio if longest * LETTER_PIXELS < room else _percent
    chart.x_labels = hours if room > 5 * LETTER_PIXELS else [hour[:2] for hour in hours]
    for row in rows:
        chart.add(_short(figure, row), [1] * len(hours))
    return chart


def _made(figure: ChartData, width: int) -> Any:
    numbers = [int(str(row[1])) for row in figure.rows]
    chart = pygal.Bar(**COMMON, margin_right=LAST_LABEL_PIXELS, width=width, height=240, show_minor_x_labels=False)
    _scale(chart, figure.language, max(numbers))
    chart.x_labels = [_short(figure, row) for row in figure.rows]
    # The last day is always named.
    chart.x_labels_major = chart.x_labels[::-1][::7]
    chart.add(figure.columns[1], numbers)
    return chart


def _letters(figure: ChartData, width: int) -> Any:
    height = ROW_PIXELS * len(figure.rows) + 50
    chart = pygal.HorizontalBar(**COMMON, margin_right=LAST_LABEL_PIXELS, width=width, height=height)
    rows = [(str(row[0]), int(str(row[1]))) for row in figure.rows][::-1]
    _scale(chart, figure.language, max(number for _, number in rows), most=4)
    chart.x_labels = [f"{state} {figure.format(number)}" for state, number in rows]
    chart.add(
        figure.columns[1],
        [
            {"value": row[1], "node": {"class": f"state-{state}"}}
            for row, state in zip(rows, [*EmailStatus][::-1], strict=True)
        ],
    )
    return chart


PLOTS: Mapping[str, Callable[[ChartData, int], Any]] = {"fill": _fill, "bookings": _made, "letters": _letters}


def ticks(highest: int, most: int = 5) -> list[int]:
    """Return whole numbers for an axis from 0 to at least `highest`, evenly spaced, at most `most` above 0."""
    step = next(s for power in range(19) for s in (10**power, 2 * 10**power, 5 * 10**power) if s * most >= highest)
    return [*range(0, max(1, highest) + step, step)][: most + 1]


def _scale(chart: Any, language: Language, highest: int, most: int = 5) -> None:
    chart.y_labels = ticks(highest, most)
    chart.range = (0, chart.y_labels[-1])
    chart.value_formatter = lambda number: format_number(language, round(number))


def _ratio(places: Occupancy) -> str:
    return f"{places.booked}/{places.capacity}"


def _percent(places: Occupancy) -> str:
    return str(places.percent)


def _short(figure: ChartData, row: Row) -> str:
    return format_date(figure.language, str(row[0]), figure.language.day_of_month)


def _strip(root: Element) -> None:
    """Take away what the page's policy forbids, what serves pygal's script alone, and comments."""
    for parent in list(root.iter()):
        for child in list(parent):
            named = child.tag == "title" and "cell" not in _classes(parent)
            if not isinstance(child.tag, str) or child.tag in DROPPED or named or "tooltip" in _classes(child):
                parent.remove(child)
        for name in ("style", "id"):
            parent.attrib.pop(name, None)


def _classes(node: Element) -> Sequence[str]:
    return node.get("class", "").split()
