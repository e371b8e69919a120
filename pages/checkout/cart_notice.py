"""Notice of the cart's page: what the last step has done, by the parameters of the address."""

from __future__ import annotations

from flask import request
from flask_babel import gettext, ngettext

from core.web import context
from events.errors import TierNotFound
from events.service import Events
from orders.holds.model import Hold
from pages.formatting import moment_time, money

HELD = "held"
REMOVED = "removed"
EMPTIED = "emptied"


def cart_notice(cart: Hold | None) -> str:
    """Return what the last step did to the cart, or nothing."""
    notice = request.args.get("notice", "")
    if notice == REMOVED:
        return _removed(cart)
    if notice == HELD and cart:
        return _held(cart)
    if notice == EMPTIED and cart is None:
        return str(gettext("Your cart was emptied"))
    return ""


def _held(cart: Hold) -> str:
    count = sum(item.quantity for item in cart.items)
    return str(
        ngettext(
            "%(num)s ticket is held until %(time)s; the total is %(total)s",
            "%(num)s tickets are held until %(time)s; the total is %(total)s",
            count,
            time=moment_time(cart.expires_at),
            total=money(cart.total, cart.currency),
        )
    )


def _removed(cart: Hold | None) -> str:
    name = _tier_name(request.args.get("tier", ""))
    if not name:
        return ""
    if cart is None:
        return str(gettext("%(tier)s was removed; the cart is empty", tier=name))
    return str(
        gettext("%(tier)s was removed; the total is %(total)s", tier=name, total=money(cart.total, cart.currency))
    )


def _tier_name(tier_id: str) -> str:
    try:
        tiers = context.get_service(Events).of_tiers([tier_id])
    except TierNotFound:
        return ""
    return tiers[tier_id][1].name
