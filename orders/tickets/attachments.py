"""Attachments of e-mails with tickets: one PDF with a page for each ticket and its QR code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC

from fpdf import FPDF

from core.i18n import format_date, get_language
from notifications.outbox.model import Attachment, OutboxEmail
from orders.tickets import qr

FILE_NAME = "tickets.pdf"
TEMPLATES = frozenset({"order_paid", "ticket_transferred"})
# Millimetres: the size of a page, of a module of the QR code, and where it begins.
PAGE = (105, 148)
MODULE = 2.0
QR_LEFT = 23.5
QR_TOP = 62.0
# A longer text would reach the QR code.
MAX_TEXT = 80
Attach = Callable[[OutboxEmail], Sequence[Attachment]]


def attach(others: Attach, email: OutboxEmail) -> Sequence[Attachment]:
    """Return the tickets of an e-mail, or what `others` attaches to an e-mail without tickets."""
    if email.template not in TEMPLATES:
        return others(email)
    return (Attachment(FILE_NAME, "application/pdf", tickets_pdf(email)),)


def tickets_pdf(email: OutboxEmail) -> bytes:
    """Return the PDF; the same e-mail always gives the same bytes."""
    facts = email.context
    day = format_date(get_language(facts.get("language")), facts["eventDay"])
    document = FPDF(format=PAGE)
    document.set_auto_page_break(auto=False)
    document.set_creation_date(email.created_at.astimezone(UTC))
    document.set_title(_latin(facts["event"]))
    codes = facts["ticketCodes"].splitlines()
    for code, tier in zip(codes, facts["ticketTiers"].splitlines(), strict=True):
        document.add_page()
        for size, text in ((18, facts["event"]), (12, f"{day}, {facts['venue']}"), (14, tier)):
            document.set_font("Helvetica", size=size)
            document.multi_cell(0, size / 2, _latin(text), new_x="LMARGIN", new_y="NEXT")
        _draw(document, code)
        document.set_xy(10, 132)
        document.set_font("Courier", size=14)
        document.cell(0, 8, code, align="C")
    return bytes(document.output())


def _draw(document: FPDF, code: str) -> None:
    for row, modules in enumerate(qr.picture(code).matrix):
        for column, dark in enumerate(modules):
            if dark:
                document.rect(QR_LEFT + column * MODULE, QR_TOP + row * MODULE, MODULE, MODULE, style="F")


def _latin(text: str) -> str:
    """Return `text` in the letters of the PDF's own fonts; others are question marks. The e-mail has all letters."""
    return " ".join(text.split())[:MAX_TEXT].encode("latin-1", "replace").decode("latin-1")
