"""Sample guests: reproducible people with names of many languages and valid phone numbers of many countries."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from bench.phone_numbers import countries, number_plan

NAMES_FILE = Path(__file__).with_name("names.toml")
SEED = 2026
PEOPLE_PER_SEED = 1 << 40
# Of a hundred guests, so many have a phone number of any country of the world.
ABROAD_SHARE = 0.08
DOUBLE_NAME_SHARE = 0.04
MAILBOX_LENGTH = 24
EMAIL_DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org", "uni.example.net")
CITIES = (
    "",
    "Berlin",
    "München",
    "Paris",
    "London",
    "Łódź",
    "İstanbul",
    "São Paulo",
    "मुंबई",
    "東京",
    "القاهرة",
    "Αθήνα",
    "Київ",
)
MESSAGES = (
    "",
    "",
    "",
    "Looking forward to it.",
    "Wir kommen mit Kinderwagen.",
    "Is there parking nearby? Thank you, and until then.",
    "مرحبا، نصل قبل الموعد بقليل",
    "車椅子で参加します。よろしくお願いします。",
)


@dataclass(frozen=True)
class Language:
    """The names of a language. `form` puts them in order; `countries` are those of the phone numbers."""

    weight: int
    form: str
    countries: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    family_starts: tuple[str, ...]
    family_ends: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """A guest. `phone` is E.164 and belongs to `country`."""

    full_name: str
    mailbox: str
    email_domain: str
    phone: str
    country: str
    city: str
    message: str

    def email(self, distinction: object) -> str:
        """Return an address that is unique if `distinction` is, which has letters, digits and dashes only."""
        return f"{self.mailbox}.{distinction}@{self.email_domain}"


def person(number: int, seed: int = SEED) -> Person:
    """Return the guest with this number, always the same one."""
    random = Random(seed * PEOPLE_PER_SEED + number)
    language = random.choices(languages(), _cumulated_weights())[0]
    full_name = _full_name(random, language)
    country = random.choice(language.countries)
    if random.random() < ABROAD_SHARE:
        country = random.choice(countries())
    return Person(
        full_name=full_name,
        mailbox=_mailbox(full_name),
        email_domain=random.choice(EMAIL_DOMAINS),
        phone=number_plan(country).draw(random),
        country=country,
        city=random.choice(CITIES),
        message=random.choice(MESSAGES),
    )


def people(size: int, first: int = 0, seed: int = SEED) -> Iterator[Person]:
    """Yield so many guests, from the number `first` on."""
    for number in range(first, first + size):
        yield person(number, seed)


@cache
def languages() -> tuple[Language, ...]:
    """Return the languages of the file of names."""
    return tuple(map(_language, tomllib.loads(NAMES_FILE.read_text(encoding="utf-8"))["languages"]))


@cache
def _cumulated_weights() -> tuple[int, ...]:
    return tuple(language.weight for language in languages())


def _language(table: dict[str, Any]) -> Language:
    return Language(
        weight=table["weight"],
        form=table["form"],
        countries=tuple(table["countries"]),
        given=_names(table["given"]),
        family=_names(table["family"]),
        family_starts=_names(table.get("family_starts", "")),
        family_ends=_names(table.get("family_ends", "")),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.replace("_", " ") for name in text.split())


def _full_name(random: Random, language: Language) -> str:
    family = _family_name(random, language)
    if random.random() < DOUBLE_NAME_SHARE and "-" not in family:
        family = f"{family}-{_family_name(random, language)}"
    return language.form.format(
        given=_frequent_first(random, language.given), family=family, family2=_family_name(random, language)
    )


def _family_name(random: Random, language: Language) -> str:
    products = len(language.family_starts) * len(language.family_ends)
    if random.randrange(len(language.family) + products) < len(language.family):
        return _frequent_first(random, language.family)
    return f"{_frequent_first(random, language.family_starts)}{_frequent_first(random, language.family_ends)}"


def _frequent_first(random: Random, names: tuple[str, ...]) -> str:
    """Return one of the names; the first ones are the most frequent, as among people."""
    return names[int(len(names) * random.random() ** 2)]


def _mailbox(full_name: str) -> str:
    """Return the ASCII letters of a name in lower case; `guest` if it has none."""
    decomposed = unicodedata.normalize("NFKD", full_name.lower())
    words = ("".join(c for c in word if "a" <= c <= "z") for word in decomposed.split())
    return ".".join(filter(None, words))[:MAILBOX_LENGTH].strip(".") or "guest"
