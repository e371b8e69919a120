"""Letters to messages: templates under `templates/email/<name>/`, everything escaped, subjects on one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from notifications.model import Attachment, Letter, Message

Attach = Callable[[Letter], Sequence[Attachment]]
TEMPLATES = Path(__file__).parent / "templates" / "email"


def environment() -> Environment:
    """Return the template environment; HTML is escaped by the file's ending, and a missing fact is an error."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


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
