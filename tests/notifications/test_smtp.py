"""SMTP and files: messages, refusals, accounts and international domains."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, Session

from core import log
from core.config.parsers import is_loopback_host
from notifications.errors import PermanentFailure, ProviderUnavailable, TransientFailure
from notifications.mime import to_mime
from notifications.outbox.model import Message
from notifications.providers import file as file_provider
from notifications.providers.file import FileMailer
from notifications.providers.resend import ResendMailer
from notifications.providers.smtp import SmtpMailer
from tests.conftest import free_port
from tests.notifications.messages import (
    INTERNATIONAL,
    MESSAGE,
    SUBJECTS,
    Listener,
    PostOffice,
    read_by_each,
)
from tests.notifications.provider import Provider


def test_smtp_message_has_text_and_html_and_a_message_id_of_its_key(
    office: PostOffice, opened: Callable[..., str]
) -> None:
    SmtpMailer(f"smtp://{opened()}").send(MESSAGE)
    (mail,) = office.taken
    assert mail["To"] == MESSAGE.to
    assert mail["From"] == MESSAGE.sender
    assert mail["Subject"] == MESSAGE.subject
    assert mail["Message-ID"] == f"<{MESSAGE.key}@example.org>"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().strip() == MESSAGE.text
    assert html.get_content().strip() == MESSAGE.html


def test_smtp_message_is_dated_by_its_email_and_the_same_each_time(
    office: PostOffice, opened: Callable[..., str], tmp_path: Path
) -> None:
    SmtpMailer(f"smtp://{opened()}").send(MESSAGE)
    FileMailer(tmp_path).send(MESSAGE)
    file = (tmp_path / f"{MESSAGE.key}.eml").read_bytes()
    for mail in (*office.taken, email.message_from_bytes(file, policy=email.policy.default)):
        assert mail.get_all("Date") == ["Sun, 01 Mar 2026 09:30:15 +0000"]
    assert to_mime(MESSAGE).items() == to_mime(MESSAGE).items()


@pytest.mark.parametrize(
    ("step", "answer", "meaning"),
    [
        ("mail", "451 later", ProviderUnavailable),
        ("mail", "553 who are you", ProviderUnavailable),
        ("rcpt", "450 greylisted", TransientFailure),
        ("rcpt", "550 no such user", PermanentFailure),
        ("rcpt", "421 closing", ProviderUnavailable),
        ("rcpt", "530 sign in first", TransientFailure),
        ("data", "452 full", TransientFailure),
        ("data", "554 spam", PermanentFailure),
    ],
)
def test_smtp_refusal_maps_to_its_failure(
    office: PostOffice, opened: Callable[..., str], step: str, answer: str, meaning: type[Exception]
) -> None:
    setattr(office, step, answer)
    with pytest.raises(meaning, match=f"mail server: {answer[:3]}"):
        SmtpMailer(f"smtp://{opened()}").send(MESSAGE)
    assert office.taken == []


def test_smtp_error_at_quit_does_not_fail_an_accepted_email(office: PostOffice, opened: Callable[..., str]) -> None:
    office.farewell = "500 what"
    SmtpMailer(f"smtp://{opened()}").send(MESSAGE)
    assert len(office.taken) == 1


def test_smtp_connection_that_breaks_makes_the_provider_unavailable(
    office: PostOffice, opened: Callable[..., str]
) -> None:
    office.drops = True
    with pytest.raises(ProviderUnavailable):
        SmtpMailer(f"smtp://{opened()}").send(MESSAGE)


def test_smtp_without_a_server_is_unavailable() -> None:
    with pytest.raises(ProviderUnavailable, match="ConnectionRefusedError"):
        SmtpMailer(f"smtp://127.0.0.1:{free_port()}").send(MESSAGE)


@pytest.mark.parametrize("knows_smtputf8", [False, True])
def test_smtp_recipient_with_an_international_domain_is_sent_in_ascii(
    office: PostOffice, opened: Callable[..., str], knows_smtputf8: bool
) -> None:
    assert INTERNATIONAL.to == "ada@ex\u00e4mple.de"
    SmtpMailer(f"smtp://{opened(enable_SMTPUTF8=knows_smtputf8)}").send(INTERNATIONAL)
    (mail,) = office.taken
    (envelope,) = office.envelopes
    assert envelope == ("tag@xn--strae-oqa.example", ["ada@xn--exmple-cua.de"])
    assert mail["To"] == "ada@xn--exmple-cua.de"
    assert mail["From"] == "Tag der offenen T\u00fcr <tag@xn--strae-oqa.example>"
    assert mail["Reply-To"] == "admin@xn--bro-hoa.example"
    assert mail["Message-ID"] == f"<{MESSAGE.key}@xn--strae-oqa.example>"


@pytest.mark.parametrize(
    ("changes", "meaning"),
    [
        ({"to": "j\u00f6rg@ex\u00e4mple.de"}, PermanentFailure),
        ({"to": "ada@" + "\u00e4" * 70 + ".de"}, PermanentFailure),  # This domain has no ASCII form.
        (
            {"sender": "t\u00fcr@example.org"},
            ProviderUnavailable,
        ),  # All e-mails fail until this is corrected.
    ],
)
def test_smtp_server_without_smtputf8_has_its_own_reason(
    office: PostOffice, opened: Callable[..., str], changes: dict[str, Any], meaning: type[Exception]
) -> None:
    with pytest.raises(meaning, match=r"^mail server: no SMTPUTF8, which this address needs$"):
        SmtpMailer(f"smtp://{opened(enable_SMTPUTF8=False)}").send(replace(MESSAGE, **changes))
    assert office.taken == []


def test_smtp_server_with_smtputf8_accepts_any_address(office: PostOffice, opened: Callable[..., str]) -> None:
    SmtpMailer(f"smtp://{opened(enable_SMTPUTF8=True)}").send(replace(MESSAGE, to="j\u00f6rg@ex\u00e4mple.de"))
    assert office.envelopes == [("bookings@example.org", ["j\u00f6rg@xn--exmple-cua.de"])]


def test_resend_receives_international_domains_in_ascii(provider: Provider, resend: ResendMailer) -> None:
    resend.send(INTERNATIONAL)
    resend.send_batch([INTERNATIONAL], "one")
    assert [(body["from"], body["to"], body["reply_to"]) for body in provider.bodies()] == [
        ("Tag der offenen T\u00fcr <tag@xn--strae-oqa.example>", ["ada@xn--exmple-cua.de"], "admin@xn--bro-hoa.example")
    ] * 2


def test_email_file_has_international_domains_in_ascii(tmp_path: Path) -> None:
    FileMailer(tmp_path).send(INTERNATIONAL)
    mail = email.message_from_bytes((tmp_path / f"{MESSAGE.key}.eml").read_bytes(), policy=email.policy.default)
    assert mail["To"] == "ada@xn--exmple-cua.de"


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
@pytest.mark.parametrize("password", ["right%40", "wrong"])
def test_smtp_refused_account_makes_the_provider_unavailable(
    office: PostOffice, opened: Callable[..., str], password: str
) -> None:
    def check(server: Any, session: Session, envelope: Any, mechanism: str, login: Any) -> AuthResult:
        right = (login.login, login.password) == (b"ada", b"right@")
        return AuthResult(success=right, handled=False)

    where = opened(authenticator=check, auth_required=True, auth_require_tls=False)
    mailer = SmtpMailer(f"smtp://ada:{password}@{where}")
    if password == "wrong":
        with pytest.raises(ProviderUnavailable, match="mail server: 535"):
            mailer.send(MESSAGE)
    else:
        mailer.send(MESSAGE)
    assert len(office.taken) == (password != "wrong")


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
@pytest.mark.parametrize(("host", "signs_in"), [("127.0.0.1", True), ("localhost", True), (None, False)])
def test_smtp_password_is_never_sent_to_another_host_in_the_clear(
    office: PostOffice, opened: Callable[..., str], host: str | None, signs_in: bool, elsewhere: str
) -> None:
    listener = Listener()
    port = opened(authenticator=listener, auth_require_tls=False).rpartition(":")[2]
    mailer = SmtpMailer(f"smtp://ada:hunter2@{host or elsewhere}:{port}")
    if signs_in:
        mailer.send(MESSAGE)
    else:
        with pytest.raises(ProviderUnavailable, match=r"^mail server: no STARTTLS$"):
            mailer.send(MESSAGE)
    assert listener.heard == [b"hunter2"] * signs_in
    assert len(office.taken) == signs_in


def test_smtp_without_an_account_sends_in_the_clear(
    office: PostOffice, opened: Callable[..., str], elsewhere: str
) -> None:
    SmtpMailer(f"smtp://{elsewhere}:{opened().rpartition(':')[2]}").send(MESSAGE)
    assert len(office.taken) == 1


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a host name that is not a loopback name but resolves to this machine."""
    name = "mail.example.org"
    found = socket.getaddrinfo

    def asked(host: Any, *rest: Any, **options: Any) -> Any:
        return found("127.0.0.1" if host == name else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    return name


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.8.9.1", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("127.0.0.1.example", False)],
)
def test_loopback_hosts_are_recognised(host: str, here: bool) -> None:
    assert is_loopback_host(host) is here


@pytest.mark.parametrize("subject", SUBJECTS)
def test_subject_is_read_unchanged_by_every_parser(
    subject: str, office: PostOffice, opened: Callable[..., str]
) -> None:
    SmtpMailer(f"smtp://{opened()}").send(replace(MESSAGE, subject=subject))
    raw = bytes(to_mime(replace(MESSAGE, subject=subject)))

    assert read_by_each(raw) == dict.fromkeys(("new", "old", "by the book"), subject)
    assert [str(mail["Subject"]) for mail in office.taken] == [subject]
    assert max(len(line) for line in raw.partition(b"\n\n")[0].splitlines()) <= 78


def test_control_subject_folded_by_python_is_read_with_two_spaces() -> None:
    plain = EmailMessage()
    plain["Subject"] = SUBJECTS[0]

    assert "Grace  Höpper" in read_by_each(bytes(plain))["by the book"]


@pytest.mark.parametrize("member", ["sender", "to", "subject", "reply_to"])
def test_header_with_a_line_break_is_a_permanent_failure(member: str, tmp_path: Path) -> None:
    smuggled = Message(**{**MESSAGE.__dict__, member: "a@example.org\r\nBcc: victim@example.net"})
    with pytest.raises(PermanentFailure):
        FileMailer(tmp_path).send(smuggled)


def test_email_file_has_the_message_and_the_log_nothing_personal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log.configure("json")  # A logger stores its first output, which may be another test's.
    monkeypatch.setattr(file_provider, "LOG", log.get_logger("notifications.providers.file"))
    mailer = FileMailer(tmp_path / "mail")
    mailer.send(MESSAGE)
    mailer.send(MESSAGE)
    (file,) = (tmp_path / "mail").iterdir()
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert mail["To"] == MESSAGE.to
    recorded = capsys.readouterr().out
    assert MESSAGE.key in recorded
    assert "ada" not in recorded


def test_email_folder_without_write_permission_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(ProviderUnavailable):
        FileMailer(tmp_path / "mail").send(MESSAGE)
