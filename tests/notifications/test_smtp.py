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


def test_a_mail_server_gets_text_and_html_under_a_message_id_that_follows_from_the_key(
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


def test_a_mail_says_when_its_letter_was_written_and_is_the_same_each_time(
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
def test_each_refusal_of_a_mail_server_has_its_meaning(
    office: PostOffice, opened: Callable[..., str], step: str, answer: str, meaning: type[Exception]
) -> None:
    setattr(office, step, answer)
    with pytest.raises(meaning, match=f"mail server: {answer[:3]}"):
        SmtpMailer(f"smtp://{opened()}").send(MESSAGE)
    assert office.taken == []


def test_an_odd_farewell_does_not_make_a_taken_letter_untaken(office: PostOffice, opened: Callable[..., str]) -> None:
    office.farewell = "500 what"
    SmtpMailer(f"smtp://{opened()}").send(MESSAGE)
    assert len(office.taken) == 1


def test_a_connection_that_breaks_is_the_mail_servers_trouble(office: PostOffice, opened: Callable[..., str]) -> None:
    office.drops = True
    with pytest.raises(ProviderUnavailable):
        SmtpMailer(f"smtp://{opened()}").send(MESSAGE)


def test_no_mail_server_is_the_mail_servers_trouble() -> None:
    with pytest.raises(ProviderUnavailable, match="ConnectionRefusedError"):
        SmtpMailer(f"smtp://127.0.0.1:{free_port()}").send(MESSAGE)


@pytest.mark.parametrize("knows_smtputf8", [False, True])
def test_an_international_domain_is_written_to_as_every_mail_server_knows_it(
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
        ({"to": "ada@" + "\u00e4" * 70 + ".de"}, PermanentFailure),  # This domain has no form in ASCII.
        (
            {"sender": "t\u00fcr@example.org"},
            ProviderUnavailable,
        ),  # Other letters fare the same until that is put right.
    ],
)
def test_a_mail_server_without_smtputf8_is_recorded_apart_from_one_that_refuses(
    office: PostOffice, opened: Callable[..., str], changes: dict[str, Any], meaning: type[Exception]
) -> None:
    with pytest.raises(meaning, match=r"^mail server: no SMTPUTF8, which this address needs$"):
        SmtpMailer(f"smtp://{opened(enable_SMTPUTF8=False)}").send(replace(MESSAGE, **changes))
    assert office.taken == []


def test_a_mail_server_with_smtputf8_gets_letters_to_any_address(
    office: PostOffice, opened: Callable[..., str]
) -> None:
    SmtpMailer(f"smtp://{opened(enable_SMTPUTF8=True)}").send(replace(MESSAGE, to="j\u00f6rg@ex\u00e4mple.de"))
    assert office.envelopes == [("bookings@example.org", ["j\u00f6rg@xn--exmple-cua.de"])]


def test_resend_gets_international_domains_in_ascii(provider: Provider, resend: ResendMailer) -> None:
    resend.send(INTERNATIONAL)
    resend.send_batch([INTERNATIONAL], "one")
    assert [(body["from"], body["to"], body["reply_to"]) for body in provider.bodies()] == [
        ("Tag der offenen T\u00fcr <tag@xn--strae-oqa.example>", ["ada@xn--exmple-cua.de"], "admin@xn--bro-hoa.example")
    ] * 2


def test_the_console_keeps_international_domains_in_ascii(tmp_path: Path) -> None:
    FileMailer(tmp_path).send(INTERNATIONAL)
    mail = email.message_from_bytes((tmp_path / f"{MESSAGE.key}.eml").read_bytes(), policy=email.policy.default)
    assert mail["To"] == "ada@xn--exmple-cua.de"


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
@pytest.mark.parametrize("password", ["right%40", "wrong"])
def test_an_account_that_is_refused_can_be_put_right(
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
def test_no_password_goes_to_another_machine_in_the_clear(
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


def test_without_an_account_a_letter_goes_to_another_machine_in_the_clear(
    office: PostOffice, opened: Callable[..., str], elsewhere: str
) -> None:
    SmtpMailer(f"smtp://{elsewhere}:{opened().rpartition(':')[2]}").send(MESSAGE)
    assert len(office.taken) == 1


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a machine that is not this one by its name; its post office stands here nevertheless."""
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
def test_this_machine_is_known_by_its_addresses(host: str, here: bool) -> None:
    assert is_loopback_host(host) is here


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_mail_program_reads_the_subject_as_it_is(
    subject: str, office: PostOffice, opened: Callable[..., str]
) -> None:
    SmtpMailer(f"smtp://{opened()}").send(replace(MESSAGE, subject=subject))
    raw = bytes(to_mime(replace(MESSAGE, subject=subject)))

    assert read_by_each(raw) == dict.fromkeys(("new", "old", "by the book"), subject)
    assert [str(mail["Subject"]) for mail in office.taken] == [subject]
    assert max(len(line) for line in raw.partition(b"\n\n")[0].splitlines()) <= 78


def test_control_a_subject_as_python_folds_it_is_read_with_two_spaces() -> None:
    plain = EmailMessage()
    plain["Subject"] = SUBJECTS[0]

    assert "Grace  Höpper" in read_by_each(bytes(plain))["by the book"]


@pytest.mark.parametrize("member", ["sender", "to", "subject", "reply_to"])
def test_no_header_can_be_smuggled_into_a_mail(member: str, tmp_path: Path) -> None:
    smuggled = Message(**{**MESSAGE.__dict__, member: "a@example.org\r\nBcc: victim@example.net"})
    with pytest.raises(PermanentFailure):
        FileMailer(tmp_path).send(smuggled)


def test_the_console_keeps_the_message_and_logs_nothing_personal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log.configure("json")  # A logger keeps the output it first wrote to, which may be another test's.
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


def test_a_folder_that_cannot_be_written_is_trouble_that_passes(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(ProviderUnavailable):
        FileMailer(tmp_path / "mail").send(MESSAGE)
