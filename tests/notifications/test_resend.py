"""Resend provider, and the rules of all providers."""

from __future__ import annotations

import base64
import email
import email.policy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from core import clock
from notifications.errors import BatchRefused, PermanentFailure, ProviderUnavailable, TransientFailure
from notifications.providers.file import FileMailer
from notifications.providers.resend import ResendMailer
from notifications.providers.smtp import SmtpMailer
from tests.conftest import free_port
from tests.notifications.messages import (
    AWAY,
    BOTH,
    INVITED,
    MESSAGE,
    REFUSES,
    PostOffice,
    assert_invited,
)
from tests.notifications.provider import KEY, Provider, Says


def test_resend_gets_the_message_with_its_key_and_the_account(provider: Provider, resend: ResendMailer) -> None:
    resend.send(MESSAGE)
    (call,) = provider.calls
    assert call.key == MESSAGE.key
    assert call.authorization == f"Bearer {KEY}"
    assert call.body == {
        "from": MESSAGE.sender, "to": [MESSAGE.to], "subject": "Hello Ñ", "text": "Text ü", "html": "<p>ü</p>",
    }  # fmt: skip


def test_resend_receives_reply_to_and_attachments_and_returns_an_id(provider: Provider, resend: ResendMailer) -> None:
    assert resend.send(INVITED) == f"{MESSAGE.key}#0"
    (call,) = provider.calls
    assert call.body["reply_to"] == "admin@example.org"
    assert call.body["attachments"] == [
        {
            "filename": each.name,
            "content": base64.b64encode(each.content).decode(),
            "content_type": each.content_type,
        }
        for each in INVITED.attachments
    ]


def test_resend_receives_a_lone_surrogate(provider: Provider, resend: ResendMailer) -> None:
    resend.send(replace(MESSAGE, text="\ud800"))

    assert provider.calls[0].body["text"] == "\ud800"


@pytest.mark.parametrize("answer", [b"{}", b"[]", b'{"id": 7}', b'{"id": ""}'])
def test_an_answer_without_an_id_is_not_resends(provider: Provider, resend: ResendMailer, answer: bytes) -> None:
    provider.next.append(Says(raw=answer))
    with pytest.raises(ProviderUnavailable, match="odd answer"):
        resend.send(MESSAGE)


def test_resend_receives_a_batch_with_one_key_and_returns_each_id(provider: Provider, resend: ResendMailer) -> None:
    assert resend.send_batch(BOTH, "both") == ["both#0", "both#1"]
    assert resend.send_batch(BOTH, "both") == ["both#0", "both#1"]
    assert [(call.path, call.key, len(call.bodies)) for call in provider.calls] == [("/emails/batch", "both", 2)] * 2
    assert provider.accepted.total() == 2


@pytest.mark.parametrize(
    ("says", "meaning"),
    [
        (Says(422, "validation_error"), BatchRefused),
        (Says(400, "validation_error"), BatchRefused),
        (Says(409, "invalid_idempotent_request"), PermanentFailure),
        (Says(409, "concurrent_idempotent_requests"), TransientFailure),
        (Says(422, "invalid_from_address"), ProviderUnavailable),
        (Says(429, "rate_limit_exceeded"), ProviderUnavailable),
        (Says(500, "application_error"), ProviderUnavailable),
        (Says(hangs_up=True, takes=True), ProviderUnavailable),
        (Says(raw=b"null"), ProviderUnavailable),
        (Says(raw=b'{"data": [{"id": "one"}]}'), ProviderUnavailable),
    ],
    ids=lambda each: getattr(each, "error", getattr(each, "__name__", "")),
)
def test_resend_batch_response_maps_to_its_failure(
    provider: Provider, resend: ResendMailer, says: Says, meaning: type[Exception]
) -> None:
    provider.next.append(says)
    with pytest.raises(meaning):
        resend.send_batch(BOTH, "both")


def test_a_mail_server_gets_reply_to_and_attachments(office: PostOffice, opened: Callable[..., str]) -> None:
    assert SmtpMailer(f"smtp://{opened()}").send(INVITED) == ""
    (mail,) = office.taken
    assert_invited(mail)


def test_email_file_has_reply_to_and_attachments_for_its_owner_alone(tmp_path: Path) -> None:
    long = "A line that is longer than a mail server likes to see it, with Ñ and = in it: " + "x" * 60
    file = tmp_path / "mail" / f"{MESSAGE.key}.eml"
    mailer = FileMailer(tmp_path / "mail")
    mailer.send(replace(INVITED, text=long))
    file.chmod(0o644)
    assert mailer.send(INVITED) == ""
    assert file.stat().st_mode & 0o777 == 0o600
    assert_invited(email.message_from_bytes(file.read_bytes(), policy=email.policy.default))
    mailer.send(replace(INVITED, text=long))
    assert long.encode() in file.read_bytes()
    assert "BEGIN:VCALENDAR Ñ".encode() in file.read_bytes()


@pytest.mark.parametrize("says", REFUSES, ids=lambda says: f"{says.status}-{says.error or says.content_type}")
def test_resend_refusal_is_a_permanent_failure(provider: Provider, resend: ResendMailer, says: Says) -> None:
    provider.next.append(says)
    with pytest.raises(PermanentFailure, match=f"resend: {says.status}"):
        resend.send(MESSAGE)


@pytest.mark.parametrize("says", AWAY, ids=lambda says: f"{says.status}-{says.error or says.raw or 'no answer'}")
def test_resend_account_error_makes_the_provider_unavailable(
    provider: Provider, resend: ResendMailer, says: Says
) -> None:
    provider.next.append(says)
    with pytest.raises(ProviderUnavailable) as caught:
        resend.send(MESSAGE)
    assert MESSAGE.to not in str(caught.value)
    resend.send(MESSAGE)
    assert list(provider.inbox) == [MESSAGE.key]


def test_resend_concurrent_key_is_a_transient_failure(provider: Provider, resend: ResendMailer) -> None:
    provider.next.append(Says(409, "concurrent_idempotent_requests"))
    with pytest.raises(TransientFailure):
        resend.send(MESSAGE)


def test_resend_without_a_server_is_unavailable() -> None:
    with pytest.raises(ProviderUnavailable, match="HttpClientError"):
        ResendMailer(KEY, f"http://127.0.0.1:{free_port()}", (0.3, 0.3)).send(MESSAGE)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0.5", 0.5), ("-3", 0), ("999999999", 86400), ("nan", None), ("inf", None), ("soon", None)],
)
def test_retry_after_is_read_as_seconds(
    provider: Provider, resend: ResendMailer, header: str, seconds: float | None
) -> None:
    provider.next.append(Says(429, "rate_limit_exceeded", headers={"retry-after": header}))
    with pytest.raises(ProviderUnavailable) as caught:
        resend.send(MESSAGE)
    assert caught.value.after == seconds


def test_retry_after_is_read_as_a_date(provider: Provider, resend: ResendMailer) -> None:
    later = format_datetime(clock.now() + timedelta(seconds=60), usegmt=True)
    provider.next.append(Says(503, "busy", headers={"Retry-After": later}))
    with pytest.raises(ProviderUnavailable) as caught:
        resend.send(MESSAGE)
    assert caught.value.after is not None
    assert 50 <= caught.value.after <= 60
