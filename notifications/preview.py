"""Gallery of all e-mails in every language: `make emails` writes it to var/emails/."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from core.i18n import ENGLISH, LANGUAGES, Language
from notifications.outbox.model import Message, OutboxEmail
from notifications.render import TEMPLATES, environments, render

SENDER = "Open days <bookings@example.org>"
REPLY_TO = "office@example.org"
WRITTEN = datetime(2026, 3, 1, 9, tzinfo=UTC)
EVENT: Mapping[str, str] = {"en": "Open days, March 2026", "de": "Tage der offenen Tür, März 2026"}
# Templates that exist in English only.
ENGLISH_ONLY = "admin_booking"
CONTEXT: Mapping[str, str] = {
    "timezone": "Europe/Berlin",
    "date": "2026-03-05",
    "slot": "10:00-11:00",
    "reference": "K7MP-4QXD",
    "fullName": "Ada Lovelace",
    "email": "ada@example.org",
    "phone": "+14155550123",
    "country": "US",
    "city": "Berkeley",
    "message": "Looking forward to it.\nIs there parking?",
    "manageUrl": "https://book.example.org/bookings/0190f3c2a7d47b1e9c55#wPz2Yb8QmK4tVn7RxJd1LsHc6FgAe3Uo",
    "sequence": "1",
    "oldDate": "2026-03-03",
    "oldSlot": "09:00-10:00",
    "oldTime": "20:00",
    "oldVenue": "Old Theatre",
    "position": "2",
    "leaveUrl": "https://book.example.org/waitlist/0190f3c2a7d47b1e9c56#tVn7RxJd1LsHc6FgAe3UowPz2Yb8QmK4",
    "verifyUrl": "https://book.example.org/account/verify-email#token=Ae3UowPz2Yb8QmK4tVn7RxJd1LsHc6Fg",
    "resetUrl": "https://book.example.org/account/reset-password#token=Qm4tVn7RxJd1LsHc6FgAe3UowPz2Yb8K",
    "forgotUrl": "https://book.example.org/account/forgot-password",
    "time": "19:30",
    "untilDay": "2026-03-01",
    "untilTime": "20:15",
    "holdId": "01a2289f70ba71d0b6b9831d3bc4deba",
    "venue": "Town Hall",
    "tier": "Front row",
    "seat": "A12",
    "quantity": "2",
    "orderLines": "2 x VIP, Summer Concert: €200.00",
    "ticketCodes": "3PFQ47-KXW9CD-7MN4TR",
    "ticketTiers": "VIP",
    "ticketSeats": "A12",
    "calendarIds": "01a2289f70ba71d0b6b9831d3bc4debb",
    "calendarStarts": "2026-03-05T19:30:00+00:00",
    "calendarTitles": "Summer Concert",
    "calendarVenues": "Town Hall",
    "calendarVersions": "1",
    "giver": "Grace Hopper",
    "amount": "€200.00",
    "eventDay": "2026-03-05",
    "eventTime": "19:30",
    "orderId": "01a2289f70ba71d0b6b9831d3bc4deb9",
    "orderUrl": "https://book.example.org/orders/01a2289f70ba71d0b6b9831d3bc4deb9",
    "ticketsUrl": "https://book.example.org/my/tickets",
}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>E-mails</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0 auto; max-width: 82rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; }}
section {{ display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; }}
h2, .subject {{ grid-column: 1 / -1; margin: 0; overflow-wrap: anywhere; }}
h2 {{ margin-top: 2rem; }}
@media (max-width: 50rem) {{ section {{ grid-template-columns: minmax(0, 1fr); }} }}
iframe {{ width: 100%; height: 54rem; border: 1px solid; }}
pre {{ margin: 0; padding: 1rem; border: 1px solid; white-space: pre-wrap; overflow-wrap: anywhere; }}
</style></head>
<body><h1>E-mails</h1>
{sections}
</body></html>
"""
SECTION = """<section><h2>{name}</h2><p class="subject">Subject: <b>{subject}</b></p>
<iframe src="{name}.html" title="{name}"></iframe><pre>{text}</pre></section>"""


def examples(language: Language = ENGLISH) -> dict[str, Message]:
    """Return an example of each template's e-mail in `language`, by the template's name."""
    messages = {}
    for folder in sorted(TEMPLATES.iterdir()):
        if folder.is_dir() and (language is ENGLISH or folder.name != ENGLISH_ONLY):
            messages[folder.name] = _example(folder.name, language)
    return messages


def write(folder: Path) -> None:
    """Write each e-mail's HTML to `folder`, and index.html with all of them beside their plain text."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = []
    for language in LANGUAGES.values():
        for template, message in examples(language).items():
            name = template if language is ENGLISH else f"{template}.{language.code}"
            (folder / f"{name}.html").write_text(message.html, encoding="utf-8")
            sections.append(SECTION.format(name=name, subject=escape(message.subject), text=escape(message.text)))
    (folder / "index.html").write_text(PAGE.format(sections="\n".join(sections)), encoding="utf-8")


def _example(name: str, language: Language) -> Message:
    context = {**CONTEXT, "language": language.code, "event": EVENT[language.code]}
    email = OutboxEmail(
        id="0", template=name, to=CONTEXT["email"], context=context, created_at=WRITTEN, due_at=WRITTEN, subject="0"
    )
    return render(environments(timezone=CONTEXT["timezone"]), SENDER, REPLY_TO, lambda _: (), email)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
