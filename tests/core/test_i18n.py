"""Which language somebody gets, and how each says dates, hours, numbers and countries."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.i18n import ENGLISH, GERMAN, LANGUAGES, format_date, format_number, format_time_range, get_language
from core.web.accept_language import best_match
from pages.booking.countries import countries, names
from pages.locale import safe_redirect_path
from schedules import schedule_file
from schedules.errors import ScheduleError

SCHEDULE = Path("schedules/march_2026.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("de", "de"),
        ("DE-at", "de"),
        ("de-CH, en;q=0.9", "de"),
        ("en;q=0.5, de;q=0.8", "de"),
        ("fr, de;q=0.3, en;q=0.2", "de"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("fr, *;q=0.1", "en"),
        ("*", "en"),
        ("en;q=0, *", "de"),
        ("de;q=0", "en"),
        ("de;q=0, *", "en"),
        ("de-AT,en;q=0.9", "de"),
        ("en,de", "en"),
        ("de,en", "de"),
        ("de-AT, en", "de"),
        ("fr", "en"),
        ("", "en"),
        (",,;", "en"),
        ("\u00e4;q=1, de", "de"),
    ],
)
def test_the_best_of_the_wished_languages_that_we_speak_is_chosen(asked: str, code: str) -> None:
    assert best_match(asked) == code


@pytest.mark.parametrize("code", ["", None, "tlh", "DE", "en"])
def test_what_is_no_language_of_ours_is_english(code: str | None) -> None:
    assert get_language(code) is ENGLISH


def test_each_language_calls_itself_by_its_own_name() -> None:
    assert {language.code: language.name for language in LANGUAGES.values()} == {"en": "English", "de": "Deutsch"}


@pytest.mark.parametrize(
    ("pattern", "english", "german"),
    [
        ("day", "Tuesday 3 March 2026", "Dienstag, 3. März 2026"),
        ("short_day", "Tuesday 3 March", "Dienstag, 3. März"),
        ("brief_day", "Tue 3 March", "Di., 3. März"),
        ("month", "March 2026", "März 2026"),
    ],
)
def test_dates_are_said_as_people_say_them(pattern: str, english: str, german: str) -> None:
    said = [format_date(one, "2026-03-03", getattr(one, pattern)) for one in (ENGLISH, GERMAN)]

    assert said == [english, german]


def test_hours_weekdays_and_numbers_are_said_as_people_say_them() -> None:
    assert [format_time_range(one, "09:00-10:30") for one in (ENGLISH, GERMAN)] == [
        "09:00 to 10:30",
        "09:00 bis 10:30 Uhr",
    ]
    assert [(one.weekdays[0], one.weekdays[6]) for one in (ENGLISH, GERMAN)] == [
        ("Monday", "Sunday"),
        ("Montag", "Sonntag"),
    ]
    assert [format_number(one, 12345) for one in (ENGLISH, GERMAN)] == ["12,345", "12.345"]


def test_countries_stand_where_people_look_for_them() -> None:
    german = [country.name for country in countries(GERMAN)]

    assert german.index("Afghanistan") < german.index("Ägypten") < german.index("Albanien")
    assert (names(GERMAN)["DE"], names(ENGLISH)["DE"]) == ("Deutschland", "Germany")
    assert names(GERMAN).keys() == names(ENGLISH).keys()


@pytest.mark.parametrize("path", ["/", "/?date=2026-03-05", "/bookings/0123/done", "/%C3%A4", "/a//b"])
def test_a_path_of_this_site_is_gone_back_to(path: str) -> None:
    assert safe_redirect_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "\t//evil.example",
        " /",
        "/a\r\nSet-Cookie: a=b",
        "/ä",
        "/" + "a" * 501,
    ],
)
def test_no_one_is_sent_to_another_site(path: str) -> None:
    assert safe_redirect_path(path) == "/"


def test_schedule_texts_exist_in_other_languages() -> None:
    schedule = schedule_file.parse(SCHEDULE, "file.toml")

    assert schedule.localized("de").name == "Tage der offenen Tür, März 2026"
    assert schedule.localized("en").name == schedule.localized("fr").name == "Open days, March 2026"


@pytest.mark.parametrize(
    ("what", "instead", "complaint"),
    [
        ("[translations.de]", "[translations.tlh]", "translations must be tables by language: en, de."),
        ("[translations.de]", "[translations]", "translations must be tables by language: en, de."),
        ('refusal = "Nur', 'reply = "Nur', "reply is not known here; known are address, contact, "),
        ('refusal = "Nur die ungeraden Tage im März 2026 können gebucht werden."', "", "refusal is missing."),
        ('name = "Tage der offenen Tür, März 2026"', "name = 1", "name must be a text of 1 to 500 characters."),
    ],
)
def test_a_wrong_translation_of_a_schedule_is_refused_with_its_line(what: str, instead: str, complaint: str) -> None:
    assert what in SCHEDULE

    with pytest.raises(ScheduleError, match=f"line [0-9]+: {complaint}"):
        schedule_file.parse(SCHEDULE.replace(what, instead), "file.toml")
