"""Rendering: golden files, escaping, languages and determinism."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import jinja2
import markupsafe
import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking import calendar_invite
from core.i18n import ENGLISH, GERMAN, LANGUAGES, format_date, format_time_range
from notifications import preview
from notifications.mime import to_mime
from notifications.outbox.model import Message, OutboxEmail
from notifications.render import TEMPLATES, Imprint, environment, environments, render
from tests.notifications.conftest import ADMIN, FACTS, SENDER
from tests.pseudo import bracketed, bracketed_form, leftovers, visible

GOLDEN = Path(__file__).parent.parent / "emails"
NAMES = sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir())
GUESTS = [name for name in NAMES if name != preview.ENGLISH_ONLY]
IN_GERMAN = {"language": "de", "event": "Tage der offenen Tür, März 2026"}
ACCOUNT_PAGES = {
    "account_verification": "verify-email#token=abc",
    "account_password_reset": "reset-password#token=def",
    "account_password_changed": "forgot-password",
    "account_address_taken": "forgot-password",
}
FACTS_OF_ACCOUNTS = {
    template: ["Open days, March 2026", "Ada Lovelace", f"https://book.example.org/account/{page}"]
    for template, page in ACCOUNT_PAGES.items()
}
TICKET = ["Open days, March 2026", "Ada Lovelace", "Thursday 5 March 2026", "20:30 CET", "Town Hall", "Front row"]
FACTS_OF_TICKETS = dict.fromkeys(("reservation", "reservation_cancelled", "tier_offer"), TICKET)
FACTS_OF_EVENTS = {
    template: [
        "Open days, March 2026",
        "Ada Lovelace",
        "Thursday 5 March 2026",
        "20:30 CET",
        "Town Hall",
    ]
    for template in ("event_changed", "event_cancelled")
}
FACTS_OF_ORDERS = {
    "order_paid": [
        *("2 x VIP, Summer Concert: €200.00", "VIP, A12", "3PFQ47-KXW9CD-7MN4TR", "Town Hall"),
        *("Thursday 5 March 2026", "20:30 CET"),
    ],
    "order_refunded": [],
    "order_cancelled": [],
    "order_restored": ["Thursday 5 March 2026", "20:30 CET", "Town Hall"],
}
ORDER_FACTS = ["Open days, March 2026", "Ada Lovelace", "€200.00", "Order 3bc4deb9", FACTS["orderUrl"]]
FACTS_OF_TRANSFER = [
    *("Open days, March 2026", "Ada Lovelace", "Grace Hopper", "3PFQ47-KXW9CD-7MN4TR", "20:30 CET", "VIP, A12"),
    FACTS["ticketsUrl"],
]
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
ZONE = "Europe/Berlin"
filled = partial(render, environments(timezone=ZONE), SENDER, ADMIN, calendar_invite.attachments)


def email(template: str, **facts: str) -> OutboxEmail:
    return OutboxEmail(
        id="0" * 32, template=template, to="ada@example.org", context={**FACTS, **facts}, created_at=NOW, due_at=NOW,
        subject="0123",
    )  # fmt: skip


def files_of(template: str, message: Message) -> dict[str, str]:
    """Return the golden files of `message` by name."""
    files = {
        f"{template}.txt": f"Subject: {message.subject}\n\n{message.text}\n",
        f"{template}.html": f"{message.html}\n",
    }
    return files | {f"{template}.ics": attached.content.decode() for attached in message.attachments}


def agreed_files(template: str, folder: Path = GOLDEN) -> dict[str, str]:
    return {file.name: file.read_bytes().decode() for file in folder.glob(f"{template}.*")}


def changed(templates: jinja2.Environment, template: str) -> set[str]:
    """Return the names of the golden files that `templates` change."""
    now = files_of(template, render({"en": templates}, SENDER, ADMIN, calendar_invite.attachments, email(template)))
    agreed = agreed_files(template)
    return {name for name in now.keys() | agreed.keys() if now.get(name) != agreed.get(name)}


@pytest.mark.parametrize("template", NAMES)
def test_each_email_matches_its_golden_file(template: str) -> None:
    assert files_of(template, filled(email(template))) == agreed_files(template)


@pytest.mark.parametrize("template", GUESTS)
def test_each_german_email_matches_its_golden_file(template: str) -> None:
    written = filled(email(template, **IN_GERMAN))

    assert files_of(template, written) == agreed_files(template, GOLDEN / "de")


def test_message_is_dated_when_its_email_was_enqueued() -> None:
    assert filled(email("guest_booking")).written_at == NOW


def test_every_golden_file_has_its_template() -> None:
    assert sorted({file.stem for file in GOLDEN.iterdir() if file.is_file()}) == NAMES
    assert sorted({file.stem for file in (GOLDEN / "de").iterdir()}) == GUESTS


def test_email_without_a_known_language_is_english() -> None:
    old, unknown = filled(email("guest_booking")), filled(email("guest_booking", language="tlh"))

    assert (old.subject, old.html) == (unknown.subject, unknown.html)
    assert '<html lang="en"' in old.html


@pytest.mark.parametrize("template", GUESTS)
def test_email_declares_its_language(template: str) -> None:
    assert '<html lang="de"' in filled(email(template, **IN_GERMAN)).html


@pytest.mark.parametrize("template", GUESTS)
def test_plain_email_lines_are_short_enough_in_every_language(template: str) -> None:
    for facts in ({}, IN_GERMAN):
        lines = filled(email(template, **facts)).text.splitlines()
        assert [line for line in lines if len(line) > 80 and "https://" not in line] == []


@pytest.mark.parametrize("template", GUESTS)
def test_guest_email_templates_have_no_untranslated_sentence(template: str) -> None:
    templates = environment(GERMAN, timezone=ZONE)
    templates.install_gettext_callables(bracketed, bracketed_form, newstyle=True)  # type: ignore[attr-defined]

    message = render({"en": templates}, SENDER, ADMIN, calendar_invite.attachments, email(template))

    hours = ["20:30 MEZ", "21:00 MEZ", "21:15 MEZ", "VIP, A12", "3bc4deb9"]
    facts = [*FACTS.values(), *hours, "Donnerstag, 5. März 2026", "Dienstag, 3. März 2026", "10:00 bis 11:00 Uhr"]
    for text in (message.subject, message.text, visible(message.html)):
        assert leftovers(text, [*facts, "09:00 bis 10:00 Uhr"]) == []


def test_control_a_sentence_outside_the_catalogue_is_noticed() -> None:
    assert leftovers("⟦Hello ⟦Ada⟧,⟧ your place Ada", ["Ada"]) == ["your place"]


@pytest.mark.parametrize("template", NAMES)
@pytest.mark.parametrize(("source", "kind"), [("subject.txt", "txt"), ("body.txt", "txt"), ("body.html", "html")])
def test_control_one_changed_word_in_a_template_is_noticed(template: str, source: str, kind: str) -> None:
    original = (TEMPLATES / template / source).read_text()
    edited = (
        original.replace("{% block heading %}", "{% block heading %}Good: ") if kind == "html" else f"Oh, {original}"
    )
    templates = environment(timezone=ZONE)
    assert templates.loader
    templates.loader = jinja2.ChoiceLoader([jinja2.DictLoader({f"{template}/{source}": edited}), templates.loader])

    assert changed(templates, template) == {f"{template}.{kind}"}


def test_control_changed_shared_style_differs_from_each_golden_file() -> None:
    base = (TEMPLATES / "base.html").read_text()
    templates = environment(timezone=ZONE)
    assert templates.loader
    templates.loader = jinja2.ChoiceLoader(
        [jinja2.DictLoader({"base.html": base.replace("32px", "33px")}), templates.loader]
    )

    assert set().union(*(changed(templates, name) for name in NAMES)) == {f"{name}.html" for name in NAMES}


@pytest.mark.parametrize("template", NAMES)
def test_guest_input_is_escaped_in_html_emails(template: str) -> None:
    attack = '"><script>alert(1)</script><img src=x onerror=alert(1)> {{ 7*7 }}'
    message = filled(email(template, fullName=attack, message=attack, city=attack))
    assert "<script" not in message.html
    assert "<img" not in message.html
    assert "&lt;script&gt;" in message.html
    assert "{{ 7*7 }}" in message.html
    assert attack in message.text


@pytest.mark.parametrize("template", NAMES)
@pytest.mark.parametrize("breaker", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028"])
def test_no_line_break_gets_into_a_subject(template: str, breaker: str) -> None:
    attack = f"Ada{breaker}Bcc: victim@example.net"
    message = filled(email(template, **dict.fromkeys(FACTS, attack)))
    assert len(message.subject.splitlines()) == 1
    assert to_mime(message)["Bcc"] is None


@pytest.mark.parametrize("template", NAMES)
def test_email_without_a_needed_fact_is_not_rendered(template: str) -> None:
    bare = OutboxEmail(id="0", template=template, to="a@b.org", context={}, created_at=NOW, due_at=NOW, subject="")
    with pytest.raises(jinja2.UndefinedError):
        filled(bare)


@pytest.mark.parametrize("template", [*FACTS_OF_ORDERS, "ticket_transferred", "tier_offer"])
def test_email_of_an_older_version_is_rendered_without_its_links(template: str) -> None:
    old = email(template)
    stored = {name: fact for name, fact in old.context.items() if name not in ("orderUrl", "ticketsUrl", "untilDay")}

    message = filled(replace(old, context=stored))

    assert "/orders/" not in message.text + message.html
    assert "/my/tickets" not in message.text + message.html
    assert ("20:15 UTC" in message.text) is (template == "tier_offer")


def test_optional_facts_that_are_missing_leave_no_trace() -> None:
    message = filled(email("admin_booking", city="", message=""))
    assert "Message" not in message.text + message.html
    assert "City:      -" in message.text
    assert "City" not in message.html


@pytest.mark.parametrize("template", NAMES)
def test_html_and_text_bodies_have_the_same_facts(template: str) -> None:
    message = filled(email(template))
    of_accounts_and_tickets = (FACTS_OF_ACCOUNTS | FACTS_OF_TICKETS | FACTS_OF_EVENTS).get(template)
    shown = of_accounts_and_tickets or facts_of_order(template) or facts_of_booking(template)
    for fact in shown:
        assert fact in message.text
        assert str(markupsafe.escape(fact)) in message.html


def facts_of_order(template: str) -> list[str]:
    if template == "ticket_transferred":
        return FACTS_OF_TRANSFER
    return ORDER_FACTS + FACTS_OF_ORDERS[template] if template in FACTS_OF_ORDERS else []


def facts_of_booking(template: str) -> list[str]:
    shown = ["Open days, March 2026", "Thursday 5 March 2026", "10:00 to 11:00, Europe/Berlin", "Ada Lovelace"]
    if template != "guest_waiting":
        shown.append("K7MP-4QXD")
    if template == "guest_rescheduled":
        shown += ["Tuesday 3 March 2026", "09:00 to 10:00"]
    if template == "guest_waiting":
        shown.append("https://book.example.org/waitlist/4567#def&x=1")
    elif template != "admin_booking":
        shown.append("https://book.example.org/bookings/0123#abc&x=1")
    return shown


@pytest.mark.parametrize("template", NAMES)
def test_html_needs_no_picture_script_or_foreign_file(template: str) -> None:
    html = filled(email(template)).html
    links = set(re.findall(r"(?:href|src)=\"([^\"]*)\"", html))
    assert links <= {
        "https://book.example.org/bookings/0123#abc&amp;x=1",
        "https://book.example.org/waitlist/4567#def&amp;x=1",
        "https://book.example.org/account/verify-email#token=abc",
        "https://book.example.org/account/reset-password#token=def",
        "https://book.example.org/account/forgot-password",
        "mailto:ada@example.org",
        FACTS["orderUrl"],
        FACTS["ticketsUrl"],
    }
    assert "url(" not in html
    assert "@import" not in html


@pytest.mark.parametrize("template", NAMES)
def test_html_is_readable_where_style_blocks_are_dropped(template: str) -> None:
    html = filled(email(template)).html
    bare = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert bare != html
    for tag in re.findall(r"<(?:p|h1|a|body)\b[^>]*>", bare):
        assert "color:#" in tag or "line-height:1" in tag, f"{tag} leaves its colour to the reader"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-05", "Thursday 5 March 2026"),
        ("2028-02-29", "Tuesday 29 February 2028"),
        ("2026-12-31", "Thursday 31 December 2026"),
        ("2026-02-30", "2026-02-30"),
        ("", ""),
        ("soon", "soon"),
    ],
)
def test_day_filter_formats_dates_and_passes_other_text(text: str, said: str) -> None:
    assert format_date(ENGLISH, text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [("10:00-11:00", "10:00 to 11:00"), ("23:00-00:00", "23:00 to 00:00"), ("10-11", "10-11"), ("", "")],
)
def test_hours_filter_formats_slots_and_passes_other_text(text: str, said: str) -> None:
    assert format_time_range(ENGLISH, text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-03", "Dienstag, 3. März 2026"),
        ("2028-02-29", "Dienstag, 29. Februar 2028"),
        ("2026-12-31", "Donnerstag, 31. Dezember 2026"),
        ("bald", "bald"),
    ],
)
def test_day_filter_uses_the_language(text: str, said: str) -> None:
    assert format_date(GERMAN, text) == said


@pytest.mark.parametrize(("text", "said"), [("10:00-11:00", "10:00 bis 11:00 Uhr"), ("25:00-26:00", "25:00-26:00")])
def test_hours_filter_uses_the_language(text: str, said: str) -> None:
    assert format_time_range(GERMAN, text) == said


def every_letter() -> list[tuple[str, str, Message]]:
    shown = [(code, preview.examples(language)) for code, language in LANGUAGES.items()]
    return [(code, name, message) for code, messages in shown for name, message in messages.items()]


def test_gallery_shows_every_email_as_html_and_as_text(tmp_path: Path) -> None:
    preview.write(tmp_path / "emails")

    index = (tmp_path / "emails" / "index.html").read_text()
    named = {name if code == "en" else f"{name}.{code}": message for code, name, message in every_letter()}
    assert sorted(file.stem for file in (tmp_path / "emails").iterdir()) == sorted([*named, "index"])
    assert len(named) == 2 * len(NAMES) - 1
    for name, message in named.items():
        assert (tmp_path / "emails" / f"{name}.html").read_text() == message.html
        assert f'src="{name}.html"' in index
        assert str(markupsafe.escape(message.text)).replace("&#34;", "&quot;") in index


@given(
    template=st.sampled_from(NAMES),
    facts=st.fixed_dictionaries({name: st.text(max_size=40) for name in FACTS}),
)
def test_same_email_renders_to_the_same_message(template: str, facts: Mapping[str, str]) -> None:
    again = partial(render, environments(timezone=ZONE), SENDER, ADMIN, calendar_invite.attachments)
    once: Message = filled(email(template, **facts))
    assert once == again(email(template, **facts))
    assert once.key == "0" * 32
    assert len(once.subject.splitlines()) <= 1


def test_email_shows_place_and_organiser_in_both_parts() -> None:
    imprint = Imprint("Hall <1>", "https://map.example.org/?a=1&b=2", "University", "a@example.org",
                      "mailto:a@example.org", "https://example.org/i", "https://example.org/p")  # fmt: skip
    message = render(environments(lambda _code: imprint), SENDER, ADMIN, lambda _: (), email("guest_booking"))

    for shown in ("Where:     Hall <1>", "University\na@example.org", "Imprint: https://example.org/i"):
        assert shown in message.text
    for shown in ("Hall &lt;1&gt;", "https://map.example.org/?a=1&amp;b=2", "mailto:a@example.org", ">Privacy</a>"):
        assert shown in message.html
