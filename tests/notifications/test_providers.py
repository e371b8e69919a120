"""The three ways to send: what each hands over, and what each makes of every kind of trouble."""

from __future__ import annotations

import base64
import email
import email.policy
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Session

from core import clock, log
from core.config.parsers import is_loopback_host
from core.schema_fields import normalize_email
from notifications.errors import BatchRefused, PermanentFailure, ProviderUnavailable, TransientFailure
from notifications.mime import to_mime
from notifications.outbox.model import Attachment, Message
from notifications.providers import file as file_provider
from notifications.providers.file import FileMailer
from notifications.providers.resend import ResendMailer
from notifications.providers.smtp import SmtpMailer
from tests.conftest import free_port
from tests.notifications.provider import KEY, Provider, Says

WRITTEN = datetime(2026, 3, 1, 9, 30, 15, 123_000, tzinfo=UTC)
MESSAGE = Message(
    "k" * 32, "Open day <bookings@example.org>", "ada@example.org", "Hello Ñ", "Text ü", "<p>ü</p>", WRITTEN
)
UNKNOWN_SENDER = "invalid_from_address"


def test_resend_gets_the_message_with_its_key_and_the_account(provider: Provider, resend: ResendMailer) -> None:
    resend.send(MESSAGE)
    (call,) = provider.calls
    assert call.key == MESSAGE.key
    assert call.authorization == f"Bearer {KEY}"
    assert call.body == {
        "from": MESSAGE.sender, "to": [MESSAGE.to], "subject": "Hello Ñ", "text": "Text ü", "html": "<p>ü</p>",
    }  # fmt: skip


INVITED = replace(
    MESSAGE,
    reply_to="admin@example.org",
    attachments=(
        Attachment("invitation.ics", "text/calendar; method=REQUEST; charset=utf-8", "BEGIN:VCALENDAR Ñ\r\n".encode()),
        Attachment("plan.pdf", "application/pdf", b"%PDF\x00\xff"),
    ),
)


def test_resend_gets_reply_to_and_attachments_and_gives_an_id(provider: Provider, resend: ResendMailer) -> None:
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


@pytest.mark.parametrize("answer", [b"{}", b"[]", b'{"id": 7}', b'{"id": ""}'])
def test_an_answer_without_an_id_is_not_resends(provider: Provider, resend: ResendMailer, answer: bytes) -> None:
    provider.next.append(Says(raw=answer))
    with pytest.raises(ProviderUnavailable, match="odd answer"):
        resend.send(MESSAGE)


BOTH = [MESSAGE, replace(MESSAGE, key="l" * 32, to="bob@example.org")]


def test_resend_gets_a_batch_with_one_key_and_gives_an_id_for_each(provider: Provider, resend: ResendMailer) -> None:
    assert resend.send_batch(BOTH, "both") == ["both#0", "both#1"]
    assert resend.send_batch(BOTH, "both") == ["both#0", "both#1"]
    assert [(call.path, call.key, len(call.bodies)) for call in provider.calls] == [("/emails/batch", "both", 2)] * 2
    assert provider.letters.total() == 2


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
def test_each_answer_to_a_batch_has_its_meaning(
    provider: Provider, resend: ResendMailer, says: Says, meaning: type[Exception]
) -> None:
    provider.next.append(says)
    with pytest.raises(meaning):
        resend.send_batch(BOTH, "both")


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


def test_a_mail_server_gets_reply_to_and_attachments(office: PostOffice, opened: Callable[..., str]) -> None:
    assert SmtpMailer(f"smtp://{opened()}").send(INVITED) == ""
    (mail,) = office.taken
    assert_invited(mail)


def test_a_file_has_reply_to_and_attachments_in_plain_text_for_its_owner_alone(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("says", REFUSES, ids=lambda says: f"{says.status}-{says.error or says.content_type}")
def test_a_letter_that_resend_refuses_is_refused_for_good(provider: Provider, resend: ResendMailer, says: Says) -> None:
    provider.next.append(says)
    with pytest.raises(PermanentFailure, match=f"resend: {says.status}"):
        resend.send(MESSAGE)


@pytest.mark.parametrize("says", AWAY, ids=lambda says: f"{says.status}-{says.error or says.raw or 'no answer'}")
def test_trouble_that_is_not_the_letters_own_is_the_mailers(
    provider: Provider, resend: ResendMailer, says: Says
) -> None:
    provider.next.append(says)
    with pytest.raises(ProviderUnavailable) as caught:
        resend.send(MESSAGE)
    assert MESSAGE.to not in str(caught.value)
    resend.send(MESSAGE)
    assert list(provider.inbox) == [MESSAGE.key]


def test_a_letter_under_way_elsewhere_holds_up_no_other(provider: Provider, resend: ResendMailer) -> None:
    provider.next.append(Says(409, "concurrent_idempotent_requests"))
    with pytest.raises(TransientFailure):
        resend.send(MESSAGE)


def test_no_one_at_the_address_is_the_mailers_trouble() -> None:
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


class PostOffice:
    """What a mail server answers at each step, under aiosmtpd's names; letters taken are kept."""

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


@pytest.fixture
def office() -> PostOffice:
    return PostOffice()


@pytest.fixture
def opened(office: PostOffice) -> Iterator[Callable[..., str]]:
    """Open the post office; return its address."""
    running: list[Controller] = []

    def opened(**options: Any) -> str:
        running.append(Controller(office, hostname="127.0.0.1", port=free_port(), **options))
        running[-1].start()
        return f"127.0.0.1:{running[-1].port}"

    yield opened
    for controller in running:
        controller.stop()


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


INTERNATIONAL = replace(
    MESSAGE,
    sender="Tag der offenen T\u00fcr <tag@stra\u00dfe.example>",
    to=normalize_email("ada@xn--exmple-cua.de"),  # Kept as people write it.
    reply_to="admin@b\u00fcro.example",
)


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


class Listener:
    """An account's check that takes every password, and remembers them."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def __call__(self, server: Any, session: Session, envelope: Any, mechanism: str, login: Any) -> AuthResult:
        self.heard.append(login.password)
        return AuthResult(success=True)


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


def read_by_each(raw: bytes) -> dict[str, str]:
    """Return the subject of a mail as each kind of reader has it."""
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
