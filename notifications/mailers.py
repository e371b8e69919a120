"""Ways to send a message: Resend, SMTP, or the console.

Each raises Undeliverable, TryLater or MailerAway, and nothing else; sending a batch raises also BatchRefused.
"""

from __future__ import annotations

import base64
import os
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable
from urllib.parse import unquote, urlsplit

import requests
import resend
from requests.adapters import HTTPAdapter
from resend.exceptions import NoContentError, ResendError
from resend.http_client import HTTPClient

from core import log
from core.config.parsers import is_loopback_host
from notifications.delivery.throttle import parse_retry_after
from notifications.errors import BatchRefused, PermanentFailure, ProviderUnavailable, TransientFailure, WebhookRefused
from notifications.idna import with_ascii_domain
from notifications.mime import to_mime
from notifications.outbox.model import Message

LOG = log.get_logger("notifications.mailers")
MAX_BATCH = 100
# Seconds to connect to Resend, and seconds to wait for its answer.
TIMEOUTS = (3.0, 10.0)
# A mail server may look into a letter before it takes it; whoever hangs up on it too early sends the letter twice.
SMTP_SECONDS = 30.0
ACCOUNT_REFUSED = {530, 534, 535, 538}
# What is wrong with the letter itself. Everything else, such as a refused key, an unverified sender or a wrong address
# of the API, can be put right within a letter's day of patience.
REFUSALS = {400, 409, 413, 422}
ACCOUNT_ERRORS = {"invalid_from_address", "missing_api_key"}
MAX_REASON_LENGTH = 100
NO_SMTPUTF8 = "mail server: no SMTPUTF8, which this address needs"
NO_STARTTLS = "mail server: no STARTTLS"
UNEXPECTED_RESPONSE = "resend: odd answer"

_mime = to_mime


class Mailer(Protocol):
    """Sends a message."""

    def send(self, message: Message) -> str:
        """Hand `message` over and return the provider's id of it, or ""; raises Undeliverable, TryLater, MailerAway."""


@runtime_checkable
class BatchMailer(Mailer, Protocol):
    """Sends also up to `MOST_IN_BATCH` messages without attachments in one call."""

    def send_batch(self, messages: Sequence[Message], key: str) -> Sequence[str]:
        """Hand `messages` over, all or none, and return the provider's ids of them; raises as `send`, or BatchRefused.

        `key` keeps a repeated call with the same messages in the same order from sending any of them twice.
        """


class ResendMailer:
    """Sends through Resend's API with its own SDK."""

    def __init__(self, api_key: str, api_url: str, timeouts: tuple[float, float] = TIMEOUTS) -> None:
        """Set up the SDK, which keeps its settings in its module."""
        resend.api_key = api_key
        resend.api_url = api_url
        resend.default_http_client = PooledHttpClient(api_url, timeouts)

    def send(self, message: Message) -> str:
        """Hand `message` over; its key keeps a repeated call from sending twice, for 24 hours."""
        try:
            answer: Any = resend.Emails.send(_params(message), {"idempotency_key": message.key})
        except ResendError as error:
            raise _to_failure(error) from error
        except NoContentError as error:
            raise ProviderUnavailable("resend: empty answer") from error
        return _id_in(answer)

    def send_batch(self, messages: Sequence[Message], key: str) -> Sequence[str]:
        """Hand `messages` over; the key is one of the whole call, and holds for 24 hours."""
        try:
            answer: Any = resend.Batch.send([_params(message) for message in messages], {"idempotency_key": key})
        except ResendError as error:
            meaning = _to_failure(error)
            # 409 is no refusal of a letter: the provider knows the key, and may have sent what came with it then.
            if isinstance(meaning, PermanentFailure) and str(error.code) != "409":
                raise BatchRefused(str(meaning)) from error
            raise meaning from error
        except NoContentError as error:
            raise ProviderUnavailable("resend: empty answer") from error
        told = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(told, list) or len(told) != len(messages):
            raise ProviderUnavailable(UNEXPECTED_RESPONSE)
        return [_id_in(each) for each in told]


class SmtpMailer:
    """Sends through a mail server, with STARTTLS when it is offered; signing in on another machine demands it."""

    def __init__(self, url: str, timeout: float = SMTP_SECONDS) -> None:
        """Read server and account from `url`; `timeout` bounds each answer of the server, in seconds."""
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._tls else 25)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._timeout = timeout

    def send(self, message: Message) -> str:
        """Hand `message` over; its Message-ID follows from its key, so that a repeated one can be recognised."""
        mime = _mime(message)
        server = self._connected()
        try:
            self._sign_in(server)
            try:
                server.send_message(mime)
            except smtplib.SMTPNotSupportedError as error:
                # Domains are in ASCII: only what stands before the @ of the guest, or of the sender, is left.
                raise (ProviderUnavailable if str(mime["To"]).isascii() else PermanentFailure)(NO_SMTPUTF8) from error
            except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
                raise _email_refused(error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ProviderUnavailable(_smtp_reason(error)) from error
        finally:
            # What the server says to the farewell does not matter: the letter has been taken, or it has not.
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()
        return ""

    def _connected(self) -> smtplib.SMTP:
        try:
            if self._tls:
                return smtplib.SMTP_SSL(
                    self._host, self._port, timeout=self._timeout, context=ssl.create_default_context()
                )
            return smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        except (OSError, smtplib.SMTPException) as error:
            raise ProviderUnavailable(_smtp_reason(error)) from error

    def _sign_in(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if not self._tls and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        elif not self._tls and self._user and not is_loopback_host(self._host):
            # Who listens on the way may have taken the offer out; the password goes to nobody in the clear.
            raise ProviderUnavailable(NO_STARTTLS)
        if self._user:
            server.login(self._user, self._password)


@dataclass(frozen=True)
class FileMailer:
    """Writes each message into `folder` and a summary without personal data to the log."""

    folder: Path

    def send(self, message: Message) -> str:
        """Keep `message` as an .eml file named by its key, which only its owner may read; repeating changes nothing."""
        content = bytes(_mime(message, unencoded=True))
        file = self.folder / f"{message.key}.eml"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(file, "wb", opener=_private) as output:  # Path.open takes no opener
                output.write(content)
        except OSError as error:
            raise ProviderUnavailable(f"cannot write the letter: {type(error).__name__}") from error
        LOG.info("email_written", file=str(file), email_id=message.key)
        return ""


def verify_webhook(body: bytes, signed: Mapping[str, str], secret: str) -> Mapping[str, Any]:
    """Return the event that Resend tells of in `body`, or raise WebhookRefused when its signature is not right.

    `signed` has `id`, `timestamp` and `signature` of the request; one more than five minutes old is refused.
    """
    headers = cast("resend.WebhookHeaders", dict(signed))
    try:
        told = resend.Webhooks.verify({"payload": body.decode(), "headers": headers, "webhook_secret": secret})
    except (ValueError, RecursionError):
        raise WebhookRefused from None
    if not isinstance(told, dict):
        raise WebhookRefused
    return cast("Mapping[str, Any]", told)


def _private(path: str, flags: int) -> int:
    opened = os.open(path, flags, 0o600)
    os.fchmod(opened, 0o600)  # It may have been there before.
    return opened


class PooledHttpClient(HTTPClient):
    """The SDK's transport with kept connections and time-outs that a worker can live with."""

    def __init__(self, api_url: str, timeouts: tuple[float, float]) -> None:
        self._timeouts = timeouts
        self._session = requests.Session()
        # Four senders at once at the most; urllib3 must not repeat by itself: the outbox does.
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=4, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        # The environment's proxies and certificates are read once and not for each letter; ~/.netrc, which would
        # take the place of the key, is not read at all.
        surroundings = self._session.merge_environment_settings(api_url, {}, None, None, None)
        self._session.proxies, self._session.verify = surroundings["proxies"], surroundings["verify"]
        self._session.trust_env = False

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
            method, url, headers=headers, json=json, files=files, data=data,
            timeout=self._timeouts, allow_redirects=False,
        )  # fmt: skip
        if 300 <= answer.status_code < 400:
            # Followed, a redirection would lose the letter on its way; the SDK would call it a success.
            raise requests.RequestException(f"redirected: {answer.status_code}")
        return answer.content, answer.status_code, answer.headers


def _params(message: Message) -> resend.Emails.SendParams:
    params: resend.Emails.SendParams = {
        "from": with_ascii_domain(message.sender),
        "to": [with_ascii_domain(message.to)],
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
    }
    if message.reply_to:
        params["reply_to"] = with_ascii_domain(message.reply_to)
    if message.attachments:
        params["attachments"] = [
            {
                "filename": each.name,
                "content": base64.b64encode(each.content).decode(),
                "content_type": each.content_type,
            }
            for each in message.attachments
        ]
    return params


def _id_in(answer: object) -> str:
    """Return the id in an answer that says yes; without one it is not Resend that answered."""
    found = answer.get("id") if isinstance(answer, dict) else None
    if not isinstance(found, str) or not found:
        raise ProviderUnavailable(UNEXPECTED_RESPONSE)
    return found


def _to_failure(error: ResendError) -> Exception:
    """Return what `error` means for the letter; the SDK calls network trouble code 500, `HttpClientError`."""
    status = int(error.code) if str(error.code).isdecimal() else 500
    reason = f"resend: {status} {error.error_type}"[:MAX_REASON_LENGTH]
    if error.error_type == "concurrent_idempotent_requests":
        return TransientFailure(reason)
    if status in REFUSALS and error.error_type not in ACCOUNT_ERRORS:
        return PermanentFailure(reason)
    return ProviderUnavailable(reason, parse_retry_after(error.headers))


def _email_refused(error: smtplib.SMTPException) -> Exception:
    """Return what it means that the server took the sender, but not the recipient or the content."""
    code = 550
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = max((code for code, _ in error.recipients.values()), default=code)
    elif isinstance(error, smtplib.SMTPDataError):
        code = error.smtp_code
    reason = f"mail server: {code}"
    if code == 421:
        return ProviderUnavailable(reason)
    # 5xx is final for this letter, except where the account is refused: that can be put right.
    return PermanentFailure(reason) if code >= 500 and code not in ACCOUNT_REFUSED else TransientFailure(reason)


def _smtp_reason(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return f"mail server: {code or type(error).__name__}"
