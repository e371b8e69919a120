"""A gallery of the letters in every language, to look at before guests do: `make letters` writes it to var/letters/."""

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
# Written in English alone.
ORGANISERS = "admin_booking"
FACTS: Mapping[str, str] = {
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
    "position": "2",
    "leaveUrl": "https://book.example.org/waitlist/0190f3c2a7d47b1e9c56#tVn7RxJd1LsHc6FgAe3UowPz2Yb8QmK4",
}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Letters</title>
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
<body><h1>Letters</h1>
{sections}
</body></html>
"""
SECTION = """<section><h2>{name}</h2><p class="subject">Subject: <b>{subject}</b></p>
<iframe src="{name}.html" title="{name}"></iframe><pre>{text}</pre></section>"""


def letters(language: Language = ENGLISH) -> dict[str, Message]:
    """Return an example of every letter there is a template for, by its name, in a language."""
    names = sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir())
    return {name: _example(name, language) for name in names if language is ENGLISH or name != ORGANISERS}


def write(folder: Path) -> None:
    """Write each letter's HTML into `folder`, and index.html with all of them beside their plain text."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = []
    for language in LANGUAGES.values():
        for letter, message in letters(language).items():
            name = letter if language is ENGLISH else f"{letter}.{language.code}"
            (folder / f"{name}.html").write_text(message.html, encoding="utf-8")
            sections.append(SECTION.format(name=name, subject=escape(message.subject), text=escape(message.text)))
    (folder / "index.html").write_text(PAGE.format(sections="\n".join(sections)), encoding="utf-8")


def _example(name: str, language: Language) -> Message:
    facts = {**FACTS, "language": language.code, "event": EVENT[language.code]}
    letter = OutboxEmail(
        id="0", template=name, to=FACTS["email"], context=facts, created_at=WRITTEN, due_at=WRITTEN, subject="0"
    )
    return render(environments(), SENDER, REPLY_TO, lambda _: (), letter)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
