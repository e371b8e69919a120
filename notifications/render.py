"""Letters to messages: templates under `templates/email/<name>/`, everything escaped, subjects on one line.

There is an environment for each language: sentences go through its catalogue, dates and hours are said its way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from core.i18n import ENGLISH, LANGUAGES, Language, format_date, format_time_range, get_language
from notifications.outbox.model import Attachment, Message, OutboxEmail

Attach = Callable[[OutboxEmail], Sequence[Attachment]]
Environments = Mapping[str, Environment]
TEMPLATES = Path(__file__).parent / "templates" / "email"


def environments() -> Environments:
    """Return the template environment of each language by its code."""
    return {code: environment(language) for code, language in LANGUAGES.items()}


def environment(language: Language = ENGLISH) -> Environment:
    """Return the template environment; HTML is escaped by the file's ending, and a missing fact is an error.

    Its sentences are in `language`, and so are its filters `day` and `hours`, which say a date and a slot.
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
    words = language.translations
    # mypy does not know what the extension adds.
    templates.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    templates.globals["lang"] = language.code
    templates.filters["day"] = partial(format_date, language)
    templates.filters["hours"] = partial(format_time_range, language)
    return templates


def render(languages: Environments, sender: str, reply_to: str, attach: Attach, letter: OutboxEmail) -> Message:
    """Return `letter` as it is sent, with what `attach` gives it: the same letter always gives the same message.

    It is written in the language that its facts name; older letters name none, and are English.
    """
    templates = languages[get_language(letter.context.get("language")).code]

    def fill(name: str) -> str:
        return templates.get_template(f"{letter.template}/{name}").render(letter.context)

    return Message(
        key=letter.id,
        sender=sender,
        to=letter.to,
        subject=" ".join(fill("subject.txt").split()),
        text=fill("body.txt"),
        html=fill("body.html"),
        written_at=letter.created_at,
        reply_to=reply_to,
        attachments=tuple(attach(letter)),
    )
