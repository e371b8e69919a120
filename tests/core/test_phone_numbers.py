"""The plain check of phone numbers accepts a subset of what phonenumbers accepts."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from core import phone_numbers
from core.phone_numbers import NumberPlan

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)


def examples(region: str) -> Iterator[str]:
    for kind in TYPES:
        number = phonenumbers.example_number_for_type(region, kind)
        if number is not None:
            yield phonenumbers.format_number(number, PhoneNumberFormat.E164)


def is_valid(phone: str, country: str) -> bool:
    number = phone_numbers.parse(phone)
    return number is not None and phonenumbers.is_valid_number_for_region(number, country)


def mutated(phone: str, chance: random.Random) -> str:
    digits = list(phone)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(1, len(digits))
        change = chance.choice(["replace", "insert", "remove", "zero"])
        if change == "replace":
            digits[at] = chance.choice("0123456789")
        elif change == "insert":
            digits.insert(at, chance.choice("0123456789"))
        elif change == "remove" and len(digits) > 8:
            del digits[at]
        elif change == "zero":
            calling_code = len(str(phonenumbers.parse(phone).country_code)) + 1
            digits.insert(min(calling_code, len(digits)), "0")
    return "".join(digits)[:16]


def test_plain_check_accepts_nearly_all_example_numbers() -> None:
    numbers = [(phone, region) for region in REGIONS for phone in examples(region)]
    accepted = [phone_numbers.is_plainly_valid(*number) for number in numbers]

    assert len(numbers) > 450
    assert sum(accepted) > 0.95 * len(numbers)


def wrongly_accepted() -> tuple[list[tuple[str, str]], int]:
    """Return the invalid ones of many mutated numbers that are accepted, and how many are accepted."""
    chance = random.Random(20_260_305)
    wrong = []
    accepted = 0
    for region in REGIONS:
        for phone in examples(region):
            for _ in range(12):
                number = mutated(phone, chance)
                country = region if chance.random() < 0.9 else chance.choice(REGIONS)
                if phone_numbers.is_plainly_valid(number, country):
                    accepted += 1
                    if not is_valid(number, country):
                        wrong.append((number, country))
    return wrong, accepted


def test_plain_check_accepts_no_mutated_number_that_is_invalid() -> None:
    wrong, accepted = wrongly_accepted()

    assert not wrong
    assert accepted > 500


def test_check_without_the_patterns_accepts_invalid_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    plan_of = phone_numbers._plan_of

    def without_pattern(country: str) -> NumberPlan | None:
        plan = plan_of(country)
        return replace(plan, number=re.compile("[0-9]+")) if plan else None

    monkeypatch.setattr(phone_numbers, "_plan_of", without_pattern)

    assert wrongly_accepted()[0]


def test_number_that_begins_with_a_national_prefix_is_left_to_the_library() -> None:
    plan = NumberPlan("+99", re.compile("[0-9]{8}"), re.compile("0"))

    assert plan.accepts("+9912345678")
    assert not plan.accepts("+9902345678")
    assert replace(plan, national_prefix=re.compile("")).accepts("+9902345678")


@pytest.mark.parametrize("country", ["XX", "ZZ", "AQ"])
def test_country_without_numbers_accepts_none(country: str) -> None:
    assert not phone_numbers.is_plainly_valid("+14152000001", country)
