"""Charts as SVG: this module computes the layout, `templates/chart.svg` draws it.

The SVG has no styles and no scripts; the page's style sheet gives every colour. The chart is as wide as the page has
room and is never scaled, so text has its final size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from admin.dashboard.chart_data import ChartData, Occupancy, Row
from core.i18n import format_date
from notifications.outbox.model import EmailStatus

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)
MIN_WIDTH = 280
MAX_WIDTH = 1320
WIDTH_STEP = 8
TEXT_PIXELS = 12
LETTER_PIXELS = 0.58 * TEXT_PIXELS
# A label's baseline is this far below its middle.
BASELINE_PIXELS = TEXT_PIXELS / 3
LABEL_GAP = 5
MARGIN = 4
# Room below the plot for the labels of its x axis.
X_LABEL_PIXELS = 26
# Half of an axis's last label is drawn beyond the axis.
LAST_LABEL_PIXELS = 24
ROW_PIXELS = 28
DATE_PIXELS = 64
BAR_FRACTION = 0.775
DAYS_PER_LABEL = 7


@dataclass(frozen=True)
class Label:
    """A text of an axis; its style sheet class gives the anchor."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Bar:
    """A rectangle of a bar chart."""

    x: float
    y: float
    width: float
    height: float
    style: str = ""


@dataclass(frozen=True)
class HeatMapCell:
    """A cell of a heat map, with its text and its tooltip."""

    x: float
    y: float
    width: float
    height: float
    style: str
    text: str
    title: str


@dataclass(frozen=True)
class Layout:
    """Everything that the template draws, in pixels."""

    width: int
    height: int
    x_labels: Sequence[Label]
    y_labels: Sequence[Label]
    grid_lines: Sequence[str] = ()
    bars: Sequence[Bar] = ()
    cells: Sequence[HeatMapCell] = ()


def svg(data: ChartData, width: int) -> str:
    """Return the chart of `data`, about `width` pixels wide."""
    rounded = width // WIDTH_STEP * WIDTH_STEP
    return _render(data, min(MAX_WIDTH, max(MIN_WIDTH, rounded)))


@lru_cache(maxsize=64)
def _render(data: ChartData, width: int) -> str:
    layout = LAYOUTS[data.name](data, width)
    return TEMPLATES.get_template("chart.svg").render(data=data, layout=layout)


def level(places: Occupancy) -> int:
    """Return the colour level of a cell: 0 for empty, 1 to 3 for partly booked, 4 for full."""
    if not places.percent:
        return 0
    if places.percent == 100:
        return 4
    return 1 + min(2, places.percent * 3 // 100)


def ticks(highest: int, most: int = 5) -> list[int]:
    """Return evenly spaced whole numbers from 0 to at least `highest`, at most `most` of them above 0."""
    steps = (factor * 10**power for power in range(19) for factor in (1, 2, 5))
    step = next(step for step in steps if step * most >= highest)
    return [*range(0, max(1, highest) + step, step)][: most + 1]


def _layout_heat_map(data: ChartData, width: int) -> Layout:
    """Lay out occupancy with a row for each date and a column for each hour."""
    hours = data.columns[1:]
    height = ROW_PIXELS * len(data.rows) + 40
    dates = [_short_date(data, row) for row in data.rows]
    left = _label_room(dates)
    cell_width = (width - left - MARGIN) / max(1, len(hours))
    cell_height = (height - MARGIN - X_LABEL_PIXELS) / max(1, len(data.rows))
    text_of = _cell_text(data, width)
    cells = []
    for row, column, places in _occupancies(data):
        cell = HeatMapCell(
            x=left + column * cell_width,
            y=MARGIN + row * cell_height,
            width=cell_width,
            height=cell_height,
            style=_cell_style(places),
            text=text_of(places),
            title=f"{data.format(data.rows[row][0])}, {hours[column]}: {data.format(places)}",
        )
        cells.append(cell)
    # Narrow columns show the hour without its minutes.
    fits = _column_room(data, width) > 5 * LETTER_PIXELS
    x_labels = []
    for column, hour in enumerate(hours):
        text = hour if fits else hour[:2]
        x_labels.append(Label(left + (column + 0.5) * cell_width, height - 10, text))
    return Layout(width, height, x_labels, _row_labels(dates, left, cell_height), cells=cells)


def _layout_columns(data: ChartData, width: int) -> Layout:
    """Lay out one vertical bar for each day."""
    height = 240
    numbers = data.counts
    scale = ticks(max(numbers))
    left = _label_room([data.format(tick) for tick in scale])
    day_width = (width - left - LAST_LABEL_PIXELS) / len(numbers)
    bottom = height - X_LABEL_PIXELS
    pixels_per_unit = (bottom - 2 * MARGIN) / scale[-1]
    bars = [
        Bar(
            x=left + _bar_offset(day, day_width),
            y=bottom - number * pixels_per_unit,
            width=BAR_FRACTION * day_width,
            height=number * pixels_per_unit,
        )
        for day, number in enumerate(numbers)
    ]
    # Counting backwards labels the last day always.
    labelled = range(len(numbers) - 1, -1, -DAYS_PER_LABEL)
    x_labels = [
        Label(left + (day + 0.5) * day_width, height - 10, _short_date(data, data.rows[day])) for day in labelled
    ]
    y_labels = []
    lines = []
    for tick in scale:
        y = bottom - tick * pixels_per_unit
        y_labels.append(Label(left - LABEL_GAP, y + BASELINE_PIXELS, data.format(tick)))
        lines.append(f"M{left:.1f} {y:.1f}H{width - LAST_LABEL_PIXELS}")
    return Layout(width, height, x_labels, y_labels, lines, bars)


def _layout_rows(data: ChartData, width: int) -> Layout:
    """Lay out one horizontal bar for each e-mail state."""
    height = ROW_PIXELS * len(data.rows) + 50
    numbers = data.counts
    names = [f"{row[0]} {data.format(number)}" for row, number in zip(data.rows, numbers, strict=True)]
    scale = ticks(max(numbers), most=4)
    left = _label_room(names)
    pixels_per_unit = (width - left - LAST_LABEL_PIXELS) / scale[-1]
    row_height = (height - MARGIN - X_LABEL_PIXELS) / len(numbers)
    bars = [
        Bar(
            x=left,
            y=MARGIN + _bar_offset(row, row_height),
            width=number * pixels_per_unit,
            height=BAR_FRACTION * row_height,
            style=f"state-{state}",
        )
        for row, (number, state) in enumerate(zip(numbers, EmailStatus, strict=True))
    ]
    x_labels = [Label(left + tick * pixels_per_unit, height - 10, data.format(tick)) for tick in scale]
    lines = [f"M{label.x:.1f} {MARGIN}V{height - X_LABEL_PIXELS}" for label in x_labels]
    return Layout(width, height, x_labels, _row_labels(names, left, row_height), lines, bars)


LAYOUTS: Mapping[str, Callable[[ChartData, int], Layout]] = {
    "fill": _layout_heat_map,
    "bookings": _layout_columns,
    "letters": _layout_rows,
}


def _label_room(labels: Sequence[str]) -> float:
    """Return the width of the y axis's labels, with gap and margin."""
    return max((len(label) for label in labels), default=0) * LETTER_PIXELS + LABEL_GAP + MARGIN


def _bar_offset(number: int, room: float) -> float:
    """Return the distance of a bar from the axis; each bar is in the middle of its `room`."""
    return (number + (1 - BAR_FRACTION) / 2) * room


def _occupancies(data: ChartData) -> Iterator[tuple[int, int, Occupancy]]:
    """Yield row, column and occupancy of each cell that has a slot."""
    for row, cells in enumerate(data.rows):
        for column, cell in enumerate(cells[1:]):
            if isinstance(cell, Occupancy):
                yield row, column, cell


def _row_labels(texts: Sequence[str], left: float, row_height: float) -> list[Label]:
    return [
        Label(left - LABEL_GAP, MARGIN + (row + 0.5) * row_height + BASELINE_PIXELS, text)
        for row, text in enumerate(texts)
    ]


def _column_room(data: ChartData, width: int) -> float:
    return (width - DATE_PIXELS) / max(1, len(data.columns) - 1)


def _cell_text(data: ChartData, width: int) -> Callable[[Occupancy], str]:
    """Return the formatter of a heat map's cells: the ratio if the longest one fits, else the percentage."""
    longest = max((len(places.ratio) for _, _, places in _occupancies(data)), default=0)
    if longest * LETTER_PIXELS < _column_room(data, width):
        return attrgetter("ratio")
    return _percent


def _cell_style(places: Occupancy) -> str:
    style = f"level-{level(places)}"
    if places.closed:
        return f"{style} closed"
    return style


def _percent(places: Occupancy) -> str:
    return str(places.percent)


def _short_date(data: ChartData, row: Row) -> str:
    return format_date(data.language, str(row[0]), data.language.day_of_month)
