"""Undocumented behaviour of resend, smtplib and email that the providers rely on; each test names the library."""

from __future__ import annotations

import inspect
import json
import smtplib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.headerregistry import BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from typing import Any

import pytest
import resend
from resend.exceptions import NoContentError, ResendError
from resend.http_client import HTTPClient

from notifications.mime import POLICY, Subject
from notifications.providers.resend import PooledHttpClient
from tests.notifications.messages import PostOffice

JSON = {"Content-Type": "application/json"}
MAIL: resend.Emails.SendParams = {"from": "a@example.org", "to": ["b@example.org"], "subject": "s", "text": "t"}


@dataclass
class CannedClient(HTTPClient):
    """An HTTP client with one canned response, which records the arguments of its calls."""

    body: bytes = b'{"id": "one"}'
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    failure: Exception | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)

    def request(self, method: str, url: str, headers: Mapping[str, str], **more: Any) -> tuple[bytes, int, Any]:  # type: ignore[override]
        self.calls.append({"method": method, "url": url, "headers": headers, **more})
        if self.failure:
            raise self.failure
        return self.body, self.status, self.headers


@pytest.fixture
def sdk() -> Iterator[Callable[..., CannedClient]]:
    """Install a canned client as the SDK's default client."""
    before = resend.default_http_client, resend.api_key, resend.api_url

    def install(**canned: Any) -> CannedClient:
        client = CannedClient(**canned)
        resend.default_http_client = client
        resend.api_key = "re_contract"
        resend.api_url = "http://resend.invalid"
        return client

    yield install
    resend.default_http_client, resend.api_key, resend.api_url = before


def test_resend_sdk_reads_its_settings_at_each_call(sdk: Callable[..., CannedClient]) -> None:
    client = sdk()

    resend.Emails.send(MAIL, {"idempotency_key": "key-1"})

    (call,) = client.calls
    assert call["url"] == "http://resend.invalid/emails"
    assert call["headers"]["Authorization"] == "Bearer re_contract"
    assert call["headers"]["Idempotency-Key"] == "key-1"
    assert call["json"] == MAIL


def test_resend_sdk_passes_only_arguments_that_our_client_takes(sdk: Callable[..., CannedClient]) -> None:
    client = sdk(body=b'{"data": []}')
    resend.Emails.send(MAIL)
    resend.Batch.send([MAIL], {"idempotency_key": "key-2"})

    taken = set(inspect.signature(PooledHttpClient.request).parameters)

    assert {name for call in client.calls for name in call} <= taken
    assert set(inspect.signature(HTTPClient.request).parameters) <= taken


def test_resend_sdk_reports_a_client_failure_as_code_500(sdk: Callable[..., CannedClient]) -> None:
    sdk(failure=ConnectionError("refused"))

    with pytest.raises(ResendError) as raised:
        resend.Emails.send(MAIL)

    assert (raised.value.code, raised.value.error_type) == (500, "HttpClientError")


@pytest.mark.parametrize("status", [400, 401, 403, 409, 413, 422, 429, 500, 503])
def test_resend_sdk_error_has_status_type_and_headers(sdk: Callable[..., CannedClient], status: int) -> None:
    body = json.dumps({"name": "some_error", "message": "m", "statusCode": status}).encode()
    sdk(body=body, status=status, headers={**JSON, "Retry-After": "7"})

    with pytest.raises(ResendError) as raised:
        resend.Emails.send(MAIL)

    assert (int(raised.value.code), raised.value.error_type) == (status, "some_error")
    assert raised.value.headers["Retry-After"] == "7"


@pytest.mark.parametrize("status", [200, 502])
def test_resend_sdk_reports_a_body_that_is_no_json(sdk: Callable[..., CannedClient], status: int) -> None:
    sdk(body=b"<html>", status=status, headers={"Content-Type": "text/html"})

    with pytest.raises(ResendError) as raised:
        resend.Emails.send(MAIL)

    assert int(raised.value.code) >= 500


@pytest.mark.parametrize("send", [lambda: resend.Emails.send(MAIL), lambda: resend.Batch.send([MAIL])])
def test_resend_sdk_raises_no_content_error_for_null(
    sdk: Callable[..., CannedClient], send: Callable[[], object]
) -> None:
    sdk(body=b"null")

    with pytest.raises(NoContentError):
        send()


def test_resend_sdk_returns_the_ids_as_dictionaries(sdk: Callable[..., CannedClient]) -> None:
    sdk()
    assert resend.Emails.send(MAIL)["id"] == "one"
    sdk(body=b'{"data": [{"id": "one"}, {"id": "two"}]}')

    answer: Any = resend.Batch.send([MAIL, MAIL])

    assert isinstance(answer, dict)
    assert [each["id"] for each in answer["data"]] == ["one", "two"]


def test_resend_sdk_raises_value_error_for_a_wrong_signature() -> None:
    headers: Any = {"id": "1", "timestamp": "1", "signature": "v1,none"}

    with pytest.raises(ValueError, match=r"."):
        resend.Webhooks.verify({"payload": "{}", "headers": headers, "webhook_secret": "whsec_c2VjcmV0"})


def test_smtplib_refusals_have_codes_by_recipient_or_response() -> None:
    refused = smtplib.SMTPRecipientsRefused({"a@example.org": (550, b"no")})

    assert [code for code, _ in refused.recipients.values()] == [550]
    assert smtplib.SMTPDataError(421, b"busy").smtp_code == 421
    assert issubclass(smtplib.SMTPException, OSError)


def test_smtplib_send_message_needs_smtputf8_for_a_local_part(opened: Callable[..., str]) -> None:
    host, _, port = opened(enable_SMTPUTF8=False).partition(":")
    message = EmailMessage(policy=POLICY)
    message["From"] = "a@example.org"
    message["To"] = "ä@example.org"
    message.set_content("t")

    with smtplib.SMTP(host, int(port), timeout=5) as server, pytest.raises(smtplib.SMTPNotSupportedError):
        server.send_message(message)


def test_smtplib_close_can_be_called_after_quit_and_again(opened: Callable[..., str]) -> None:
    host, _, port = opened().partition(":")
    server = smtplib.SMTP(host, int(port), timeout=5)
    server.quit()

    server.close()
    server.close()

    with pytest.raises(smtplib.SMTPServerDisconnected):
        server.quit()


def test_smtplib_send_message_does_not_change_the_message(opened: Callable[..., str], office: PostOffice) -> None:
    host, _, port = opened().partition(":")
    message = EmailMessage(policy=POLICY)
    message["From"] = "a@example.org"
    message["To"] = "b@example.org"
    message["Message-ID"] = "<key@example.org>"
    message.set_content("t")
    before = bytes(message)

    with smtplib.SMTP(host, int(port), timeout=5) as server:
        server.send_message(message)

    assert bytes(message) == before
    assert len(office.taken) == 1


def test_email_registry_combines_our_header_class_with_its_base() -> None:
    registry = HeaderRegistry()
    registry.map_to_type("subject", Subject)

    made = registry("Subject", "Größe")

    assert isinstance(made, Subject)
    assert isinstance(made, BaseHeader)
    assert type(made).__mro__[1:3] == (Subject, UniqueUnstructuredHeader)
    assert type(made).fold is Subject.fold
