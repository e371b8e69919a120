"""Example messages, and a fake mail server with configurable answers."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import AuthResult, Session

from core.schema_fields import normalize_email
from notifications.outbox.model import Attachment, Message
from tests.notifications.provider import Says

WRITTEN = datetime(2026, 3, 1, 9, 30, 15, 123_000, tzinfo=UTC)


MESSAGE = Message(
    "k" * 32, "Open day <bookings@example.org>", "ada@example.org", "Hello Ñ", "Text ü", "<p>ü</p>", WRITTEN
)


UNKNOWN_SENDER = "invalid_from_address"


INVITED = replace(
    MESSAGE,
    reply_to="admin@example.org",
    attachments=(
        Attachment("invitation.ics", "text/calendar; method=REQUEST; charset=utf-8", "BEGIN:VCALENDAR Ñ\r\n".encode()),
        Attachment("plan.pdf", "application/pdf", b"%PDF\x00\xff"),
    ),
)


BOTH = [MESSAGE, replace(MESSAGE, key="l" * 32, to="bob@example.org")]


def assert_invited(mail: EmailMessage) -> None:
    assert mail["Reply-To"] == "admin@example.org"
    calendar, plan = mail.iter_attachments()
    assert (calendar.get_content_type(), calendar.get_filename()) == ("text/calendar", "invitation.ics")
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_content().splitlines() == ["BEGIN:VCALENDAR Ñ"]
    assert (plan.get_content_type(), plan.get_filename()) == ("application/pdf", "plan.pdf")
    assert plan.get_content() == b"%PDF\x00\xff"
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == ["Text ü"]


REFUSES = [
    Says(400, "validation_error"),
    Says(409, "invalid_idempotent_request"),
    Says(413, "too_large"),
    Says(422, "missing_required_field"),
    Says(422, raw=b"<h1>no</h1>", content_type="text/html"),
]


AWAY = [
    Says(401, "missing_api_key"),
    Says(403, "invalid_api_key"),
    Says(422, UNKNOWN_SENDER),
    Says(404, "not_found"),
    Says(429, "rate_limit_exceeded"),
    Says(500, "application_error"),
    Says(503, raw=b"<h1>busy</h1>", content_type="text/html"),
    Says(200, raw=b"<h1>a captive portal</h1>", content_type="text/html"),
    Says(200, raw=b"{not json"),
    Says(200, raw=b"null"),
    Says(302, headers={"Location": "/elsewhere"}),
    Says(hangs_up=True, takes=True),
    Says(seconds=0.6),
]


class PostOffice:
    """The fake server's answer at each step, by aiosmtpd's names; accepted e-mails are stored."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.mail = self.rcpt = self.data = self.farewell = ""
        self.drops = False

    async def handle_MAIL(self, server: Any, session: Session, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if not self.mail:
            envelope.mail_from = address
        return self.mail or "250 OK"

    async def handle_RCPT(self, server: Any, session: Session, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if not self.rcpt:
            envelope.rcpt_tos.append(address)
        return self.rcpt or "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Any) -> str:  # noqa: N802
        if self.drops:
            server.transport.abort()
            return "451 gone"
        if not self.data:
            parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
            self.taken.append(parsed)
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        return self.data or "250 OK"

    async def handle_QUIT(self, server: Any, session: Session, envelope: Any) -> str:  # noqa: N802
        return self.farewell or "221 Bye"


INTERNATIONAL = replace(
    MESSAGE,
    sender="Tag der offenen T\u00fcr <tag@stra\u00dfe.example>",
    to=normalize_email("ada@xn--exmple-cua.de"),  # Stored in Unicode.
    reply_to="admin@b\u00fcro.example",
)


class Listener:
    """An authenticator that accepts and records every password."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def __call__(self, server: Any, session: Session, envelope: Any, mechanism: str, login: Any) -> AuthResult:
        self.heard.append(login.password)
        return AuthResult(success=True)


def read_by_each(raw: bytes) -> dict[str, str]:
    """Return the subject of a message as each kind of parser reads it."""
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", raw.decode())  # RFC 5322, 2.2.3
    old = email.message_from_string(unfolded)["Subject"]
    line = unfolded.partition("Subject: ")[2].splitlines()[0]
    joined = re.sub(r"(\?=)[ \t]+(=\?)", r"\1\2", line)  # RFC 2047, 6.2
    words = re.sub(r"=\?[^?]+\?[bqBQ]\?[^?]*\?=", lambda word: str(make_header(decode_header(word[0]))), joined)
    return {
        "new": str(email.message_from_bytes(raw, policy=email.policy.default)["Subject"]),
        "old": str(make_header(decode_header(old))),
        "by the book": words,
    }


SUBJECTS = (
    "New booking K7MP-4QXD: Thursday 5 March 2026, 10:00, Grace Höpper",
    "New booking K7MP-4QXD: Thursday 5 March 2026, 10:00 to 11:00, Grace Hopper of the United States Navy",
    "Ñ",
    "New booking: 王小明 and Zoë, 🎉 " + "ü" * 60,
)
