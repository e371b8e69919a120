"""Ways to send a message: Resend, SMTP, or the console. Each raises Undeliverable or TryLater, and nothing else."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import requests
import resend
from requests.adapters import HTTPAdapter
from resend.exceptions import ResendError
from resend.http_client import HTTPClient

from core import log
from notifications.errors import TryLater, Undeliverable
from notifications.model import Message

LOG = log.get("notifications.mailers")
CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
# A key or account that is refused can be put right within a letter's day of patience.
WORTH_REPEATING = {401, 403, 408, 425, 429}


class Mailer(Protocol):
    """Sends a message."""

    def send(self, message: Message) -> None:
        """Hand `message` over; raises Undeliverable or TryLater."""


class ResendMailer:
    """Sends through Resend's API with its own SDK."""

    def __init__(self, api_key: str, api_url: str) -> None:
        """Set up the SDK, which keeps its settings in its module."""
        resend.api_key = api_key
        resend.api_url = api_url
        resend.default_http_client = _KeptConnections()

    def send(self, message: Message) -> None:
        """Hand `message` over; its key keeps a repeated call from sending twice, for 24 hours."""
        params: resend.Emails.SendParams = {
            "from": message.sender,
            "to": [message.to],
            "subject": message.subject,
            "text": message.text,
            "html": message.html,
        }
        try:
            resend.Emails.send(params, {"idempotency_key": message.key})
        except ResendError as error:
            raise _classified(error) from error


class SmtpMailer:
    """Sends through a mail server, with STARTTLS when it is offered."""

    def __init__(self, url: str) -> None:
        """Read server and account from `url`."""
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._tls else 25)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")

    def send(self, message: Message) -> None:
        """Hand `message` over; its Message-ID follows from its key, so that a repeated one can be recognised."""
        try:
            with self._connection() as server:
                server.send_message(_mime(message))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise _smtp_trouble(max(codes, default=550)) from error
        except smtplib.SMTPResponseException as error:
            raise _smtp_trouble(error.smtp_code) from error
        except (OSError, smtplib.SMTPException) as error:
            raise TryLater(f"mail server: {type(error).__name__}") from error

    def _connection(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=READ_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=READ_SECONDS)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
        if self._user:
            server.login(self._user, self._password)
        return server


@dataclass(frozen=True)
class ConsoleMailer:
    """Writes each message into `folder` and a summary without personal data to the log."""

    folder: Path

    def send(self, message: Message) -> None:
        """Keep `message` as an .eml file named by its key, so that repeating it changes nothing."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = self.folder / f"{message.key}.eml"
            file.write_bytes(bytes(_mime(message)))
        except OSError as error:
            raise TryLater(f"cannot write the letter: {type(error).__name__}") from error
        LOG.info("letter_written", file=str(file), letter=message.key)


class _KeptConnections(HTTPClient):
    """The SDK's transport with kept connections and time-outs that a worker can live with."""

    def __init__(self) -> None:
        self._session = requests.Session()
        # Four senders at once at the most; urllib3 must not repeat by itself: the outbox does.
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=4, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json: Any = None,
        files: Any = None,
        data: Any = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        answer = self._session.request(
            method, url, headers=headers, json=json, files=files, data=data, timeout=(CONNECT_SECONDS, READ_SECONDS)
        )
        return answer.content, answer.status_code, answer.headers


def _classified(error: ResendError) -> Exception:
    """Return what `error` means for the letter; the SDK calls network trouble code 500, `HttpClientError`."""
    status = int(error.code) if str(error.code).isdigit() else 500
    reason = f"resend: {status} {error.error_type}"
    passing = status >= 500 or status in WORTH_REPEATING or error.error_type == "concurrent_idempotent_requests"
    return TryLater(reason, _seconds(error.headers)) if passing else Undeliverable(reason)


def _seconds(headers: Mapping[str, str]) -> float | None:
    asked = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    try:
        return min(max(float(asked), 0.0), 86_400.0)
    except ValueError:
        return None


def _smtp_trouble(code: int) -> Exception:
    reason = f"mail server: {code}"
    # 5xx is final for this letter, except where the account is refused: that can be put right.
    return Undeliverable(reason) if code >= 500 and code not in (530, 534, 535, 538) else TryLater(reason)


def _mime(message: Message) -> EmailMessage:
    mime = EmailMessage()
    mime["From"] = message.sender
    mime["To"] = message.to
    mime["Subject"] = message.subject
    domain = parseaddr(message.sender)[1].rpartition("@")[2] or "localhost"
    mime["Message-ID"] = f"<{message.key}@{domain}>"
    mime["Auto-Submitted"] = "auto-generated"
    mime.set_content(message.text)
    mime.add_alternative(message.html, subtype="html")
    return mime
