"""Letters to messages: templates under `templates/email/<name>/`, everything escaped, subjects on one line.

There is an environment for each language: sentences go through its catalogue, dates and hours are said its way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from core.i18n import ENGLISH, LANGUAGES, Language, day_in_words, hours_in_words, spoken
from notifications.outbox.model import Attachment, Letter, Message

Attach = Callable[[Letter], Sequence[Attachment]]
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
    words = language.words
    # mypy does not know what the extension adds.
    templates.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    templates.globals["lang"] = language.code
    templates.filters["day"] = partial(day_in_words, language)
    templates.filters["hours"] = partial(hours_in_words, language)
    return templates


def render(languages: Environments, sender: str, reply_to: str, attach: Attach, letter: Letter) -> Message:
    """Return `letter` as it is sent, with what `attach` gives it: the same letter always gives the same message.

    It is written in the language that its facts name; older letters name none, and are English.
    """
    templates = languages[spoken(letter.facts.get("language")).code]

    def fill(name: str) -> str:
        return templates.get_template(f"{letter.template}/{name}").render(letter.facts)

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
