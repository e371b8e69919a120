"""Resend provider: single e-mails and batches through the SDK, with idempotency keys."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from json import dumps
from typing import Any

import orjson
import resend
import urllib3
from resend.exceptions import NoContentError, ResendError
from resend.http_client import HTTPClient
from urllib3.exceptions import HTTPError

from core.http_pool import build_pool
from notifications.delivery.throttle import parse_retry_after
from notifications.errors import BatchRefused, PermanentFailure, ProviderUnavailable, TransientFailure
from notifications.idna import with_ascii_domain
from notifications.outbox.model import Message

# Seconds to connect to Resend, and seconds to wait for its response.
TIMEOUTS = (3.0, 10.0)
# At most so many senders run in parallel.
SENDERS = 4
# Statuses that reject the e-mail itself. Others, such as a refused key, an unverified sender or a wrong API address,
# can be corrected while the e-mail is retried.
REFUSALS = {400, 409, 413, 422}
ACCOUNT_ERRORS = {"invalid_from_address", "missing_api_key"}
MAX_REASON_LENGTH = 100
UNEXPECTED_RESPONSE = "resend: odd answer"


class ResendMailer:
    """Sends through Resend's API with Resend's SDK."""

    def __init__(self, api_key: str, api_url: str, timeouts: tuple[float, float] = TIMEOUTS) -> None:
        """Configure the SDK, whose settings are global."""
        resend.api_key = api_key
        resend.api_url = api_url
        resend.default_http_client = PooledHttpClient(api_url, timeouts)

    def send(self, message: Message) -> str:
        """Send `message`; a repeated call with its key does not send it twice, for 24 hours."""
        try:
            response: Any = resend.Emails.send(_params(message), {"idempotency_key": message.key})
        except ResendError as error:
            raise _to_failure(error) from error
        except NoContentError as error:
            raise ProviderUnavailable("resend: empty answer") from error
        return _id_in(response)

    def send_batch(self, messages: Sequence[Message], key: str) -> Sequence[str]:
        """Send `messages`; the key is that of the whole call and is valid for 24 hours."""
        try:
            response: Any = resend.Batch.send([_params(message) for message in messages], {"idempotency_key": key})
        except ResendError as error:
            meaning = _to_failure(error)
            # 409 rejects no e-mail: the provider knows the key, and may have sent the messages of its first call.
            if isinstance(meaning, PermanentFailure) and str(error.code) != "409":
                raise BatchRefused(str(meaning)) from error
            raise meaning from error
        except NoContentError as error:
            raise ProviderUnavailable("resend: empty answer") from error
        data = _member(response, "data")
        if not isinstance(data, list) or len(data) != len(messages):
            raise ProviderUnavailable(UNEXPECTED_RESPONSE)
        return [_id_in(each) for each in data]


class PooledHttpClient(HTTPClient):
    """The SDK's HTTP client with pooled connections and short time-outs; the outbox retries."""

    def __init__(self, api_url: str, timeouts: tuple[float, float]) -> None:
        connect, read = timeouts
        self.pool = build_pool(api_url, SENDERS, urllib3.Timeout(connect=connect, read=read))

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json: Any = None,
        files: Any = None,
        data: Any = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send `json`; the SDK has `files` and `data` for calls that are not made here."""
        if files is not None or data is not None:
            raise ValueError("only JSON is sent")
        own = {**headers, "Content-Type": "application/json"}
        response = self.pool.request(method.upper(), url, headers=own, body=_encoded(json))
        if 300 <= response.status < 400:
            # The SDK would report it as a success.
            raise HTTPError(f"redirected: {response.status}")
        return response.data, response.status, response.headers


def _encoded(value: object) -> bytes:
    """Return JSON; a lone surrogate, which orjson refuses, becomes an escape."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return dumps(value).encode()


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


def _id_in(response: object) -> str:
    """Return the id of a successful response; a response without one is not from Resend."""
    found = _member(response, "id")
    if not isinstance(found, str) or not found:
        raise ProviderUnavailable(UNEXPECTED_RESPONSE)
    return found


def _member(response: object, name: str) -> object:
    if isinstance(response, dict):
        return response.get(name)
    return None


def _to_failure(error: ResendError) -> Exception:
    """Return the failure of `error`; the SDK reports network errors as code 500, `HttpClientError`."""
    status = int(error.code) if str(error.code).isdecimal() else 500
    reason = f"resend: {status} {error.error_type}"[:MAX_REASON_LENGTH]
    if error.error_type == "concurrent_idempotent_requests":
        return TransientFailure(reason)
    if status in REFUSALS and error.error_type not in ACCOUNT_ERRORS:
        return PermanentFailure(reason)
    return ProviderUnavailable(reason, parse_retry_after(error.headers))
