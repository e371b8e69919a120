"""Attachments of e-mails with tickets: one PDF with a page for each ticket and its QR code, and a calendar file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from pathlib import Path
from typing import cast

from fpdf import FPDF
from fpdf.enums import MethodReturnValue
from fpdf.fonts import TTFFont

from core.i18n import format_date, get_language
from notifications.outbox.model import Attachment, OutboxEmail
from orders.tickets import calendar_file, qr

FILE_NAME = "tickets.pdf"
TEMPLATES = frozenset({"order_paid", "ticket_transferred"})
# Millimetres: the size of a page, of a module of the QR code, and where it begins.
PAGE = (105, 148)
MODULE = 2.0
QR_LEFT = 23.5
QR_TOP = 62.0
# Sizes of the texts above the QR code; more than two lines of each would reach it.
EVENT_SIZE = 18
PLACE_SIZE = 12
TIER_SIZE = 14
MAX_LINES = 2
MAX_TEXT = 200
# The letters that a PDF uses are embedded; see orders/tickets/fonts/LICENSE.
FONT = "DejaVu"
FONT_FILE = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
Attach = Callable[[OutboxEmail], Sequence[Attachment]]


def attach(others: Attach, email: OutboxEmail) -> Sequence[Attachment]:
    """Return the tickets of an e-mail, or what `others` attaches to an e-mail without tickets."""
    if email.template not in TEMPLATES:
        return others(email)
    tickets = Attachment(FILE_NAME, "application/pdf", tickets_pdf(email))
    content = calendar_file.calendar_of(calendar_file.entries_of(email.context, email.created_at))
    return (tickets, Attachment(calendar_file.FILE_NAME, calendar_file.MEDIA_TYPE, content))


def tickets_pdf(email: OutboxEmail) -> bytes:
    """Return the PDF; the same e-mail always gives the same bytes."""
    facts = email.context
    day = format_date(get_language(facts.get("language")), facts["eventDay"])
    document = FPDF(format=PAGE)
    document.set_auto_page_break(auto=False)
    document.set_creation_date(email.created_at.astimezone(UTC))
    document.add_font(FONT, fname=FONT_FILE)
    document.set_title(_printable(document, facts["event"]))
    columns = [facts[name].split("\n") for name in ("ticketCodes", "ticketTiers", "ticketSeats")]
    for code, tier, seat in zip(*columns, strict=True):
        document.add_page()
        _write(document, EVENT_SIZE, facts["event"])
        _write(document, PLACE_SIZE, f"{day}, {facts['eventTime']} UTC, {facts['venue']}")
        _write(document, TIER_SIZE, ", ".join(filter(None, (tier, seat))))
        _draw(document, code)
        document.set_xy(10, 120)
        _write(document, PLACE_SIZE, facts["fullName"])
        document.set_xy(10, 134)
        document.set_font("Courier", size=14)
        document.cell(0, 8, code, align="C")
    return bytes(document.output())


def _write(document: FPDF, size: int, text: str) -> None:
    """Write the first lines of a text."""
    document.set_font(FONT, size=size)
    wanted = _printable(document, text)
    lines = document.multi_cell(0, size / 2, wanted, dry_run=True, output=MethodReturnValue.LINES)
    for line in cast("list[str]", lines)[:MAX_LINES]:
        document.cell(0, size / 2, line, new_x="LMARGIN", new_y="NEXT")


def _draw(document: FPDF, code: str) -> None:
    for row, modules in enumerate(qr.picture(code).matrix):
        for column, dark in enumerate(modules):
            if dark:
                document.rect(QR_LEFT + column * MODULE, QR_TOP + row * MODULE, MODULE, MODULE, style="F")


def _printable(document: FPDF, text: str) -> str:
    """Return `text` with question marks for the letters that the font lacks. The e-mail has all letters."""
    known = cast("TTFFont", document.fonts[FONT.lower()]).cmap
    joined = " ".join(text.split())[:MAX_TEXT]
    for letter in set(joined):
        if ord(letter) not in known:
            joined = joined.replace(letter, "?")
    return joined
