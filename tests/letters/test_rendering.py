"""Letters as they are read: their words, their escaping, and that the same letter is always the same message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking import ics
from notifications.mailers import _mime
from notifications.model import Letter, Message
from notifications.render import TEMPLATES, environment, render
from tests.letters.conftest import ADMIN, FACTS, SENDER

GOLDEN = Path(__file__).parent.parent / "emails"
NAMES = sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir())
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
filled = partial(render, environment(), SENDER, ADMIN, ics.attachments)


def letter(template: str, **facts: str) -> Letter:
    return Letter(
        id="0" * 32, template=template, to="ada@example.org", facts={**FACTS, **facts}, created_at=NOW, due_at=NOW,
        about="",
    )  # fmt: skip


@pytest.mark.parametrize("template", NAMES)
def test_each_letter_reads_as_it_was_agreed(template: str) -> None:
    message = filled(letter(template))
    assert f"Subject: {message.subject}\n\n{message.text}\n" == (GOLDEN / f"{template}.txt").read_text()


def test_every_agreed_letter_still_exists() -> None:
    assert sorted(file.stem for file in GOLDEN.glob("*.txt")) == NAMES


@pytest.mark.parametrize("template", NAMES)
def test_what_people_typed_is_text_in_html_and_never_markup(template: str) -> None:
    attack = '"><script>alert(1)</script><img src=x onerror=alert(1)> {{ 7*7 }}'
    message = filled(letter(template, fullName=attack, message=attack, city=attack))
    assert "<script" not in message.html
    assert "<img" not in message.html
    assert "&lt;script&gt;" in message.html
    assert "{{ 7*7 }}" in message.html
    assert attack in message.text


@pytest.mark.parametrize("template", NAMES)
@pytest.mark.parametrize("breaker", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028"])
def test_no_line_break_gets_into_a_subject(template: str, breaker: str) -> None:
    attack = f"Ada{breaker}Bcc: victim@example.net"
    message = filled(letter(template, **dict.fromkeys(FACTS, attack)))
    assert len(message.subject.splitlines()) == 1
    assert _mime(message)["Bcc"] is None


@pytest.mark.parametrize("template", NAMES)
def test_a_letter_without_a_fact_it_needs_is_not_sent_with_a_hole(template: str) -> None:
    bare = Letter(id="0", template=template, to="a@b.org", facts={}, created_at=NOW, due_at=NOW, about="")
    with pytest.raises(jinja2.UndefinedError):
        filled(bare)


def test_what_may_be_left_out_leaves_no_trace() -> None:
    message = filled(letter("admin_booking", city="", message=""))
    assert "Message" not in message.text + message.html
    assert "City:      -" in message.text
    assert "City" not in message.html


@given(
    template=st.sampled_from(NAMES),
    facts=st.fixed_dictionaries({name: st.text(max_size=40) for name in FACTS}),
)
def test_the_same_letter_is_always_the_same_message(template: str, facts: Mapping[str, str]) -> None:
    again = partial(render, environment(), SENDER, ADMIN, ics.attachments)
    once: Message = filled(letter(template, **facts))
    assert once == again(letter(template, **facts))
    assert once.key == "0" * 32
    assert len(once.subject.splitlines()) <= 1
