"""Choices of the payment form: with the simulated provider each names its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from core.web import context
from orders.checkout import PlaceOrder
from orders.payments.simulated import APPROVE, CONFIRM, DECLINE, LATE


@dataclass(frozen=True)
class PaymentChoice:
    """A means of payment: the provider's token, its name, and a hint."""

    token: str
    name: Any
    hint: Any


SIMULATED: Sequence[PaymentChoice] = (
    PaymentChoice(APPROVE, _("Test card: approved"), _("The payment succeeds at once.")),
    PaymentChoice(DECLINE, _("Test card: declined"), _("The payment is refused, and your tickets stay held.")),
    PaymentChoice(LATE, _("Test card: late"), _("The answer of the bank comes some seconds later.")),
    PaymentChoice(CONFIRM, _("Test card: to be confirmed"), _("The bank asks you to confirm the payment.")),
)


def payment_choices() -> Sequence[PaymentChoice]:
    """Return the choices of the configured provider; none if it collects the means of payment itself."""
    if context.get_service(PlaceOrder).pay.gateway.name == "simulated":
        return SIMULATED
    return ()
