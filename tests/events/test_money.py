"""Money: parsing and writing by the decimals of a currency, and its order over currencies."""

from __future__ import annotations

import pytest

from events.money import Money, comparable, exponent_of


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("100.00", "USD", 10000),
        ("0.00", "EUR", 0),
        ("1500", "JPY", 1500),
        ("1.250", "KWD", 1250),
        ("999999.99", "USD", 99999999),
    ],
)
def test_amount_of_a_currency_is_read_and_written(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)
    assert str(Money(minor, currency)) == text


@pytest.mark.parametrize(
    "text",
    ["1", "1.0", "1.000", "-1.00", "01.00", "+1.00", "1,00", " 1.00", "1.00 ", "1e2", "", "NaN", "٣.00", "1.00\n"],
)
def test_other_notation_of_an_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="decimals"):
        Money.parse(text, "USD")


@pytest.mark.parametrize("code", ["XXX", "usd", "DM", "", "XAU"])
def test_currency_without_money_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        exponent_of(code)


def test_amounts_are_ordered_by_number_over_currencies() -> None:
    amounts = [(999, "USD"), (1000, "JPY"), (10001, "KWD"), (10, "JPY"), (1050, "EUR")]

    ordered = sorted(amounts, key=lambda amount: comparable(*amount))

    assert ordered == [(999, "USD"), (10, "JPY"), (10001, "KWD"), (1050, "EUR"), (1000, "JPY")]
