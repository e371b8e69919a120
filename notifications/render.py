"""Letters to messages: templates under `templates/email/<name>/`, everything escaped, subjects on one line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from notifications.model import Attachment, Letter, Message

Attach = Callable[[Letter], Sequence[Attachment]]
TEMPLATES = Path(__file__).parent / "templates" / "email"
SLOT = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")


@dataclass(frozen=True)
class Language:
    """How a language says dates and hours: its names, and the sentences they are put into."""

    weekdays: Sequence[str]
    months: Sequence[str]
    day: str
    hours: str


ENGLISH = Language(
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=(
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    day="{weekday} {day} {month} {year}",
    hours="{start} to {end}",
)  # fmt: skip


def day_in_words(language: Language, text: str) -> str:
    """Return the date `text` (YYYY-MM-DD) as it is said, such as Thursday 5 March 2026; any other text as it is."""
    try:
        day = date.fromisoformat(str(text))  # str() of a fact that is missing raises UndefinedError
    except ValueError:
        return text
    weekday, month = language.weekdays[day.weekday()], language.months[day.month - 1]
    return language.day.format(weekday=weekday, day=day.day, month=month, year=day.year)


def hours_in_words(language: Language, text: str) -> str:
    """Return the slot `text` (HH:MM-HH:MM) as it is said, such as 10:00 to 11:00; any other text as it is."""
    slot = SLOT.fullmatch(str(text))
    return language.hours.format(start=slot[1], end=slot[2]) if slot else text


def environment(language: Language = ENGLISH) -> Environment:
    """Return the template environment; HTML is escaped by the file's ending, and a missing fact is an error.

    Its filters `day` and `hours` say a date and a slot in `language`.
    """
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.filters["day"] = partial(day_in_words, language)
    templates.filters["hours"] = partial(hours_in_words, language)
    return templates


def render(templates: Environment, sender: str, reply_to: str, attach: Attach, letter: Letter) -> Message:
    """Return `letter` as it is sent, with what `attach` gives it: the same letter always gives the same message."""

    def fill(name: str) -> str:
        return templates.get_template(f"{letter.template}/{name}").render(letter.facts)

    return Message(
        key=letter.id,
        sender=sender,
        to=letter.to,
        subject=" ".join(fill("subject.txt").split()),
        text=fill("body.txt"),
        html=fill("body.html"),
        reply_to=reply_to,
        attachments=tuple(attach(letter)),
    )
