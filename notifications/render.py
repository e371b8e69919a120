"""Rendering of e-mails with the Jinja templates in `templates/email/<name>/`, one environment for each language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from core.i18n import ENGLISH, LANGUAGES, Language, format_date, format_time_range, get_language
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


def environments(imprint_in: Callable[[str], Imprint] = lambda _code: NO_IMPRINT) -> Environments:
    """Return the template environment of each language by its code."""
    return {code: environment(language, imprint_in(code)) for code, language in LANGUAGES.items()}


def environment(language: Language = ENGLISH, imprint: Imprint = NO_IMPRINT) -> Environment:
    """Return the environment of `language`, with its catalogue and the filters `day` and `hours` for dates and slots.

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
