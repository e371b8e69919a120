"""Money: integer minor units and a currency of ISO 4217; decimal strings only at the edge of the API."""

from __future__ import annotations

import re
from dataclasses import dataclass

from iso4217 import Currency

# No currency has more decimals.
MAX_EXPONENT = 4
DECIMAL = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.([0-9]+))?", re.ASCII)


@dataclass(frozen=True, order=True)
class Money:
    """An amount of `minor` units of `currency`, such as 1050 and `EUR` for ten euros and fifty cents."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Return the amount that `text` writes with exactly the currency's decimals; raises ValueError."""
        exponent = exponent_of(currency)
        found = DECIMAL.fullmatch(text)
        if found is None or len(found[2] or "") != exponent:
            raise ValueError(f"Must be an amount with {exponent} decimals, such as {cls(1000, currency)}.")
        return cls(int(found[1] + (found[2] or "")), currency)

    def __str__(self) -> str:
        exponent = exponent_of(self.currency)
        if not exponent:
            return str(self.minor)
        sign = "-" if self.minor < 0 else ""
        digits = str(abs(self.minor)).rjust(exponent + 1, "0")
        return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"


def exponent_of(currency: str) -> int:
    """Return the number of decimals of `currency`; raises ValueError if ISO 4217 has no such currency of money."""
    try:
        exponent = Currency(currency).exponent
    except ValueError:
        exponent = None
    if exponent is None:
        raise ValueError("Must be a currency code of ISO 4217, such as EUR.")
    return int(exponent)


def comparable(minor: int, currency: str) -> int:
    """Return an integer that orders amounts of all currencies by their number: 10.5 of one before 11 of another."""
    return int(minor * 10 ** (MAX_EXPONENT - exponent_of(currency)))
