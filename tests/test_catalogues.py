"""The catalogues against the sources: whole, without a doubt, with the same gaps to fill in, and compiled."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.i18n import CATALOGUES, ENGLISH, LANGUAGES

ROOT = Path(__file__).parent.parent
TRANSLATED = [code for code in LANGUAGES if code != ENGLISH.code]
# A sentence: its context and its English, in one form or two.
Sentence = tuple[str | None, tuple[str, ...]]


@cache
def written() -> set[Sentence]:
    """Return every sentence for guests and the organiser in the sources."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        method_map, options_map = parse_mapping_cfg(file, filename="babel.cfg")  # type: ignore[no-untyped-call]
    keywords: Mapping[str, object] = {**DEFAULT_KEYWORDS, "lazy_gettext": None}
    found = extract_from_dir(ROOT, method_map, options_map, keywords=keywords)  # type: ignore[arg-type]
    return {(context, forms(message)) for _, _, message, _, context in found}


def forms(message: object) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message)  # type: ignore[arg-type]


def file_of(code: str, ending: str = "po") -> Path:
    return CATALOGUES / code / "LC_MESSAGES" / f"messages.{ending}"


def catalogue(text: str, code: str = "de") -> Catalog:
    return read_po(io.BytesIO(text.encode()), locale=code, abort_invalid=True)


def faults(found: Catalog, sentences: set[Sentence]) -> set[str]:
    """Return what is wrong with a catalogue of `sentences`."""
    messages = {(message.context, forms(message.id)): message for message in found if message.id}
    missing = {f"missing: {sentence[1][0]}" for sentence in sentences - messages.keys()}
    unused = {f"not in the sources: {sentence[1][0]}" for sentence in messages.keys() - sentences}
    left = {f"obsolete: {message.id}" for message in found.obsolete.values()}
    wrong = {fault for message in messages.values() for fault in faults_of(message, found.num_plurals)}
    return missing | unused | left | wrong


def faults_of(message: Message, plurals: int) -> set[str]:
    said, meant = forms(message.string), forms(message.id)
    called = meant[0]
    if message.fuzzy:
        return {f"fuzzy: {called}"}
    if len(said) != (plurals if len(meant) > 1 else 1) or not all(said):
        return {f"not translated: {called}"}
    # A singular may do without its number; the last form may not.
    orphans = {gap for form in said for gap in gaps(form)} - {gap for form in meant for gap in gaps(form)}
    return {f"other gaps: {called}"} if orphans or gaps(said[-1]) != gaps(meant[-1]) else set()


def gaps(text: str) -> list[str]:
    """Return what is filled in, and the markup, in `text`."""
    return sorted(set(re.findall(r"%\(\w+\)s|%(?!\()|<[^>]*>|\{\w+\}", text)))


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_sentence_for_guests_is_in_every_language(code: str) -> None:
    assert faults(catalogue(file_of(code).read_text(encoding="utf-8"), code), written()) == set()


def test_there_is_a_catalogue_for_each_language_and_no_other() -> None:
    assert sorted(folder.name for folder in CATALOGUES.iterdir()) == TRANSLATED


@pytest.mark.parametrize("code", TRANSLATED)
def test_what_is_compiled_is_what_is_written(code: str) -> None:
    assert file_of(code, "mo").read_bytes() == compiled(file_of(code).read_text(encoding="utf-8"), code)


def compiled(text: str, code: str = "de") -> bytes:
    made = io.BytesIO()
    write_mo(made, catalogue(text, code))
    return made.getvalue()


def test_sentences_of_all_kinds_are_found_in_the_sources() -> None:
    found = written()

    assert (None, ("Book a place",)) in found  # a page's template
    assert (None, ("Your place is booked: %(day)s, %(hours)s",)) in found  # a subject
    assert (None, ("Your booking: %(url)s",)) in found  # a calendar file
    assert (None, ("%(number)s place left", "%(number)s places left")) in found  # a plural, in Python
    assert (None, ("This hour is full. Please choose another one.",)) in found  # a lazy one
    assert ("a waiting list", ("Left",)) in found  # with a context
    assert ("a slot", ("full",)) in found  # a lazy one with a context, of the back office
    assert (None, ("Booked by date and hour",)) in found  # a plot


DOCTORED = [
    (r'msgid "Book a place"\nmsgstr ".*"\n', "", "missing: Book a place"),
    (r'msgid "Book a place"', 'msgid "Book a seat"', "not in the sources: Book a seat"),
    (r'msgid "City"\nmsgstr ".*"', 'msgid "City"\nmsgstr ""', "not translated: City"),
    (r'msgid "City"', '#, fuzzy\nmsgid "City"', "fuzzy: City"),
    (r'msgstr\[1\] "%\(number\)s Plätze frei"', 'msgstr[1] ""', "not translated: %(number)s place left"),
    (r"%\(number\)s Plätze frei", "Plätze frei", "other gaps: %(number)s place left"),
    (r'"Buchung %\(reference\)s"', '"Buchung %(number)s"', "other gaps: Booking %(reference)s"),
    (r"Seite \{page\} von", "Seite {pages} von", "other gaps: Page {page} of {pages}"),
    (
        r'unterwegs an <b class=\\"break\\">',
        "unterwegs an <b>",
        'other gaps: An e-mail with all of this is on its way to <b class="break">%(email)s</b>.',
    ),
]


@pytest.mark.parametrize(("what", "instead", "fault"), DOCTORED, ids=[fault for _, _, fault in DOCTORED])
def test_control_a_catalogue_that_is_wrong_is_noticed(what: str, instead: str, fault: str) -> None:
    text = file_of("de").read_text(encoding="utf-8")
    doctored, times = re.subn(what, lambda _: instead, text)

    assert times >= 1
    assert fault in faults(catalogue(doctored), written())
    assert compiled(doctored) != compiled(text)


# These also mean posted, instead of, mislaid and back in a moment; the last looks like a hyphen and is found as none.
@pytest.mark.parametrize("word", ["aufgegeben", "an Stelle", "Buchung wurde verlegt", "Gleich wieder da", "\u2011"])
def test_german_catalogue_has_no_misleading_words(word: str) -> None:
    found = catalogue(file_of("de").read_text(encoding="utf-8"))

    assert [message.id for message in found if any(word in form for form in forms(message.string))] == []
