"""SMTP provider: one connection for each e-mail."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from core.config.parsers import is_loopback_host
from notifications.errors import PermanentFailure, ProviderUnavailable, TransientFailure
from notifications.mime import to_mime
from notifications.outbox.model import Message

# A mail server may scan an e-mail before it accepts it; a shorter time-out would send it twice.
SMTP_SECONDS = 30.0
ACCOUNT_REFUSED = {530, 534, 535, 538}
NO_SMTPUTF8 = "mail server: no SMTPUTF8, which this address needs"
NO_STARTTLS = "mail server: no STARTTLS"


class SmtpMailer:
    """Sends through a mail server with STARTTLS if offered; a login on another machine requires it."""

    def __init__(self, url: str, timeout: float = SMTP_SECONDS) -> None:
        """Read server and account from `url`; `timeout` bounds each answer of the server, in seconds."""
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._timeout = timeout

    def send(self, message: Message) -> str:
        """Send `message`; its Message-ID follows from its key, so that a repeated one can be recognised."""
        mime = to_mime(message)
        server = self._connected()
        try:
            self._sign_in(server)
            try:
                server.send_message(mime)
            except smtplib.SMTPNotSupportedError as error:
                raise _no_smtputf8(str(mime["To"])) from error
            except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
                raise _email_refused(error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ProviderUnavailable(_smtp_reason(error)) from error
        finally:
            # The response to QUIT does not matter: the e-mail has been accepted or rejected before.
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
            # An attacker may have removed the offer; the password is never sent in the clear.
            raise ProviderUnavailable(NO_STARTTLS)
        if self._user:
            server.login(self._user, self._password)


def _no_smtputf8(recipient: str) -> Exception:
    """Return the failure: domains are in ASCII, so the local part of the recipient or of the sender is not."""
    if recipient.isascii():
        return ProviderUnavailable(NO_SMTPUTF8)
    return PermanentFailure(NO_SMTPUTF8)


def _email_refused(error: smtplib.SMTPException) -> Exception:
    """Return the failure of a rejected recipient or content."""
    code = 550
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = max((code for code, _ in error.recipients.values()), default=code)
    elif isinstance(error, smtplib.SMTPDataError):
        code = error.smtp_code
    reason = f"mail server: {code}"
    if code == 421:
        return ProviderUnavailable(reason)
    # 5xx is permanent for this e-mail, except where the account is refused, which can be corrected.
    if code >= 500 and code not in ACCOUNT_REFUSED:
        return PermanentFailure(reason)
    return TransientFailure(reason)


def _smtp_reason(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return f"mail server: {code or type(error).__name__}"
