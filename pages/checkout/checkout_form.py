"""Form of the checkout: the hold, the consent to the terms, the means of payment, and the key of this attempt.

The key is made when the form is rendered. A double click, a reload and the Back button send the same key, so the order
is placed once. A hold is used by one order only, so another key does not buy its tickets again.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from flask import request
from flask_babel import gettext

from orders.holds.model import Hold
from pages.errors import FormRefused

KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)
TOKEN = re.compile(r"[!-~]{1,255}", re.ASCII)


@dataclass(frozen=True)
class CheckoutForm:
    """A form of the checkout."""

    hold_id: str
    key: str
    payment: str = ""
    has_consent: bool = False

    @classmethod
    def new(cls, hold_id: str) -> CheckoutForm:
        """Return an empty form with a new key."""
        return cls(hold_id, secrets.token_hex(16))

    @classmethod
    def parse(cls) -> CheckoutForm:
        """Return the form that this request submits; raises FormRefused without a key."""
        given = request.form
        key = given.get("key", "")
        if not KEY.fullmatch(key):
            raise FormRefused(gettext("This form is incomplete. Please open the checkout again."))
        return cls(given.get("hold", ""), key, given.get("payment", ""), given.get("terms") == "yes")

    @property
    def idempotency_key(self) -> str:
        """Key of the order: another means of payment after a refusal is another attempt."""
        return f"{self.key}-{self.payment}"

    def problems(self, hold: Hold) -> Mapping[str, str]:
        """Return the messages about missing fields."""
        problems = {}
        if hold.total and not TOKEN.fullmatch(self.payment):
            problems["payment"] = str(gettext("Choose how you want to pay."))
        if not self.has_consent:
            problems["terms"] = str(gettext("Please confirm that you have checked the order."))
        return problems
