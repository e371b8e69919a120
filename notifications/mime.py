"""Messages as mail servers and mail programs know them (RFC 5322)."""

from __future__ import annotations

from email import policy
from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy
from email.utils import format_datetime, parseaddr
from typing import Any

from notifications.errors import PermanentFailure
from notifications.idna import with_ascii_domain
from notifications.outbox.model import Attachment, Message


class Subject(UniqueUnstructuredHeader, BaseHeader):  # type: ignore[misc]  # as the registry puts them together
    """A subject that all mail programs read alike.

    What is not ASCII is encoded whole. Python encodes single words and folds before them, and a space that ends a line
    is then read twice by some (RFC 5322, 2.2.3); between two encoded words no space counts (RFC 2047, 6.2).
    """

    def fold(self, *, policy: Policy) -> str:
        """Return the header's lines, as `policy` ends them."""
        if str(self).isascii():
            return super().fold(policy=policy)
        encoded = Header(str(self), "utf-8", header_name=self.name).encode(linesep=policy.linesep)
        return f"{self.name}: {encoded}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("subject", Subject)
POLICY = policy.default.clone(header_factory=_HEADERS)


def to_mime(message: Message, *, unencoded: bool = False) -> EmailMessage:
    """Return `message` as a mail; raises Undeliverable when an address, the subject or a file name cannot be a header.

    The domains of its addresses are in ASCII. A `readable` one keeps its texts as they are, for people who look into a
    file; servers may want them encoded.
    """
    mime = EmailMessage(policy=POLICY)
    sender = with_ascii_domain(message.sender)
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    plainly: dict[str, Any] = {"cte": "8bit"} if unencoded else {}
    try:
        mime["From"] = sender
        mime["To"] = with_ascii_domain(message.to)
        if message.reply_to:
            mime["Reply-To"] = with_ascii_domain(message.reply_to)
        mime["Subject"] = message.subject
        mime["Date"] = format_datetime(message.written_at)
        mime["Message-ID"] = f"<{message.key}@{domain}>"
        mime["Auto-Submitted"] = "auto-generated"
        mime.set_content(message.text, **plainly)
        mime.add_alternative(message.html, subtype="html", **plainly)
        for attachment in message.attachments:
            _attach(mime, attachment, plainly)
    except ValueError as error:
        raise PermanentFailure(f"not a message: {type(error).__name__}") from error
    return mime


def _attach(mime: EmailMessage, attachment: Attachment, plainly: dict[str, Any]) -> None:
    """Add `attachment` with all parameters of its media type, such as the method of a calendar."""
    media = EmailMessage()
    media["Content-Type"] = attachment.content_type
    params = dict(media["Content-Type"].params)
    kind, subtype = media.get_content_maintype(), media.get_content_subtype()
    if kind == "text":
        text = attachment.content.decode(params.pop("charset", "utf-8"))
        mime.add_attachment(text, subtype=subtype, filename=attachment.name, params=params, **plainly)
    else:
        mime.add_attachment(attachment.content, kind, subtype, filename=attachment.name, params=params)
