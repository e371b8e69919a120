"""Rendering of e-mails with the Jinja templates in `templates/email/<name>/`, one environment for each language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from core.i18n import (
    ENGLISH,
    LANGUAGES,
    Language,
    format_date,
    format_local_day,
    format_local_time,
    format_time_range,
    get_language,
)
from notifications.outbox.model import Attachment, Message, OutboxEmail

Attach = Callable[[OutboxEmail], Sequence[Attachment]]
Environments = Mapping[str, Environment]
TEMPLATES = Path(__file__).parent / "templates" / "email"


@dataclass(frozen=True)
class Imprint:
    """The event's place and organiser in one language, as all e-mails show them; an empty text is not shown."""

    location: str = ""
    map_url: str = ""
    organiser: str = ""
    contact: str = ""
    contact_url: str = ""
    imprint_url: str = ""
    privacy_url: str = ""


NO_IMPRINT = Imprint()


def environments(
    imprint_in: Callable[[str], Imprint] = lambda _code: NO_IMPRINT, timezone: str = "UTC"
) -> Environments:
    """Return the template environment of each language by its code; `timezone` is that of the pages."""
    return {code: environment(language, imprint_in(code), timezone) for code, language in LANGUAGES.items()}


def environment(language: Language = ENGLISH, imprint: Imprint = NO_IMPRINT, timezone: str = "UTC") -> Environment:
    """Return the environment of `language`, with its catalogue and the filters `day` and `hours` for dates and slots.

    `local_day` and `local_time` show a date and hour in UTC, as e-mails of events store them, in `timezone`.
    Templates whose name ends in .html are escaped. An undefined variable is an error.
    """
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue = language.translations
    # The i18n extension adds this method at run time.
    templates.install_gettext_callables(  # type: ignore[attr-defined]
        catalogue.gettext, catalogue.ngettext, newstyle=True
    )
    templates.globals["lang"] = language.code
    templates.globals["imprint"] = imprint
    templates.filters["day"] = partial(format_date, language)
    templates.filters["hours"] = partial(format_time_range, language)
    templates.filters["local_day"] = lambda day, hour: format_local_day(language, day, hour, timezone)
    templates.filters["local_time"] = lambda hour, day: format_local_time(language, day, hour, timezone)
    templates.filters["labelled"] = _labelled
    return templates


def render(languages: Environments, sender: str, reply_to: str, attach: Attach, email: OutboxEmail) -> Message:
    """Return the message of `email` with the attachments from `attach`; the same e-mail gives the same message.

    Its context names the language. E-mails without one, which older versions stored, are English.
    """
    templates = languages[get_language(email.context.get("language")).code]

    def fill(name: str) -> str:
        return templates.get_template(f"{email.template}/{name}").render(email.context)

    return Message(
        key=email.id,
        sender=sender,
        to=email.to,
        subject=" ".join(fill("subject.txt").split()),
        text=fill("body.txt"),
        html=fill("body.html"),
        written_at=email.created_at,
        reply_to=reply_to,
        attachments=tuple(attach(email)),
    )


def _labelled(codes: str, tiers: str, seats: str) -> list[tuple[str, str]]:
    """Return each code of a text of lines with its tier and seat, such as VIP, A12."""
    rows = zip_longest(codes.split("\n"), tiers.split("\n"), seats.split("\n"), fillvalue="")
    return [(code, ", ".join(filter(None, names))) for code, *names in rows]
