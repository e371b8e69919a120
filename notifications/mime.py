"""MIME messages (RFC 5322)."""

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
    """A subject header that is encoded whole if it is not ASCII.

    Python encodes single words and folds before them; some parsers then read the space at the fold twice (RFC 5322,
    2.2.3). A space between two encoded words does not count (RFC 2047, 6.2).
    """

    def fold(self, *, policy: Policy) -> str:
        """Return the header's lines with the line ends of `policy`."""
        if str(self).isascii():
            return super().fold(policy=policy)
        encoded = Header(str(self), "utf-8", header_name=self.name).encode(linesep=policy.linesep)
        return f"{self.name}: {encoded}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("subject", Subject)
POLICY = policy.default.clone(header_factory=_HEADERS)


def to_mime(message: Message, *, unencoded: bool = False) -> EmailMessage:
    """Return `message` as MIME with its mail domains in ASCII; `unencoded` leaves the bodies readable as 8-bit text.

    Raises PermanentFailure if an address, the subject or a file name cannot be a header.
    """
    mime = EmailMessage(policy=POLICY)
    sender = with_ascii_domain(message.sender)
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    encoding: dict[str, Any] = {"cte": "8bit"} if unencoded else {}
    try:
        mime["From"] = sender
        mime["To"] = with_ascii_domain(message.to)
        if message.reply_to:
            mime["Reply-To"] = with_ascii_domain(message.reply_to)
        mime["Subject"] = message.subject
        mime["Date"] = format_datetime(message.written_at)
        mime["Message-ID"] = f"<{message.key}@{domain}>"
        mime["Auto-Submitted"] = "auto-generated"
        mime.set_content(message.text, **encoding)
        mime.add_alternative(message.html, subtype="html", **encoding)
        for attachment in message.attachments:
            _attach(mime, attachment, encoding)
    except ValueError as error:
        raise PermanentFailure(f"not a message: {type(error).__name__}") from error
    return mime


def _attach(mime: EmailMessage, attachment: Attachment, encoding: dict[str, Any]) -> None:
    """Add `attachment` with all parameters of its media type, such as a calendar's method."""
    media = EmailMessage()
    media["Content-Type"] = attachment.content_type
    params = dict(media["Content-Type"].params)
    main_type = media.get_content_maintype()
    subtype = media.get_content_subtype()
    if main_type == "text":
        text = attachment.content.decode(params.pop("charset", "utf-8"))
        mime.add_attachment(text, subtype=subtype, filename=attachment.name, params=params, **encoding)
    else:
        mime.add_attachment(attachment.content, main_type, subtype, filename=attachment.name, params=params)
