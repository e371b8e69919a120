"""PDF of tickets: a page for each ticket with its QR code; the letters that the PDF's own fonts lack are embedded."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import UTC
from itertools import groupby
from pathlib import Path
from typing import cast

from fpdf import FPDF
from fpdf.enums import MethodReturnValue, RenderStyle
from fpdf.fonts import TTFFont

from core.i18n import format_local_day, format_local_time, get_language
from notifications.outbox.model import OutboxEmail
from orders.tickets import qr

# Millimetres: the size of a page, of a module of the QR code, and where it begins.
PAGE = (105, 148)
MODULE = 2.0
FILLED = RenderStyle.F
QR_LEFT = 23.5
QR_TOP = 62.0
# Sizes of the texts above the QR code; more than two lines of each would reach it.
EVENT_SIZE = 18
PLACE_SIZE = 12
TIER_SIZE = 14
MAX_LINES = 2
MAX_TEXT = 200
# The texts of people. Reading the font that has all their letters costs more than the rest of a PDF.
TEXTS = ("event", "venue", "ticketTiers", "ticketSeats", "fullName")
OWN_FONT = "Helvetica"
OWN_LETTERS = frozenset({*range(0x20, 0x7F), *range(0xA0, 0x100)})
# The letters that a PDF uses are embedded; see orders/tickets/fonts/LICENSE.
FONT = "DejaVu"
FONT_FILE = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"


@dataclass(frozen=True)
class Face:
    """Writes texts of a document in one font; `letters` are the code points that it has."""

    document: FPDF
    font: str
    letters: Container[int]

    def write(self, size: int, text: str) -> None:
        """Write the first lines of a text."""
        self.document.set_font(self.font, size=size)
        wanted = self.printable(text)
        lines = self.document.multi_cell(0, size / 2, wanted, dry_run=True, output=MethodReturnValue.LINES)
        for line in cast("list[str]", lines)[:MAX_LINES]:
            self.document.cell(0, size / 2, line, new_x="LMARGIN", new_y="NEXT")

    def printable(self, text: str) -> str:
        """Return `text` with question marks for the letters that the font lacks. The e-mail has all letters."""
        joined = " ".join(text.split())[:MAX_TEXT]
        for letter in set(joined):
            if ord(letter) not in self.letters:
                joined = joined.replace(letter, "?")
        return joined


def draw(email: OutboxEmail, timezone: str, pause: Callable[[float], None] = time.sleep) -> bytes:
    """Return the PDF with the event's time in `timezone`; the same e-mail always gives the same bytes."""
    facts = email.context
    when = _when(facts, timezone)
    document = FPDF(format=PAGE)
    document.set_auto_page_break(auto=False)
    document.set_creation_date(email.created_at.astimezone(UTC))
    face = _face(document, "".join(facts[name] for name in TEXTS))
    document.set_title(face.printable(facts["event"]))
    columns = [facts[name].split("\n") for name in ("ticketCodes", "ticketTiers", "ticketSeats")]
    for code, tier, seat in zip(*columns, strict=True):
        document.add_page()
        face.write(EVENT_SIZE, facts["event"])
        face.write(PLACE_SIZE, f"{when}, {facts['venue']}")
        face.write(TIER_SIZE, ", ".join(filter(None, (tier, seat))))
        _draw_code(document, code)
        document.set_xy(10, 120)
        face.write(PLACE_SIZE, facts["fullName"])
        document.set_xy(10, 134)
        document.set_font("Courier", size=14)
        document.cell(0, 8, code, align="C")
        # A file of hundreds of pages takes seconds; other requests of the process run in between.
        pause(0)
    return bytes(document.output())


def _when(facts: Mapping[str, str], timezone: str) -> str:
    language = get_language(facts.get("language"))
    moment = (facts["eventDay"], facts["eventTime"], timezone)
    return f"{format_local_day(language, *moment)}, {format_local_time(language, *moment)}"


def _face(document: FPDF, text: str) -> Face:
    """Return the PDF's own font, or the embedded one for letters beyond it."""
    if all(ord(letter) in OWN_LETTERS for letter in "".join(text.split())):
        return Face(document, OWN_FONT, OWN_LETTERS)
    document.add_font(FONT, fname=FONT_FILE)
    return Face(document, FONT, cast("TTFFont", document.fonts[FONT.lower()]).cmap)


def _draw_code(document: FPDF, code: str) -> None:
    """Draw each run of dark modules as one rectangle."""
    for row, modules in enumerate(qr.picture(code).matrix):
        column = 0
        for dark, run in groupby(modules):
            width = len(list(run))
            if dark:
                left = QR_LEFT + column * MODULE
                document.rect(left, QR_TOP + row * MODULE, width * MODULE, MODULE, style=FILLED)
            column += width
