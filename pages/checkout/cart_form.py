"""Form of the cart: quantities and seats by tier to lines, by the schema of the API.

A submitted form replaces the chosen tiers in the cart and removes the tier of its button; all others stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import marshmallow as ma
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from events.model import Event, Tier
from orders.holds.model import MAX_QUANTITY, CartLine, HeldItem, Hold
from orders.holds.schemas import NewHoldSchema
from pages.errors import FormRefused

QUANTITY = "quantity-"
SEATS = "seats"
REMOVE = "remove"
NUMBER = re.compile(r"[0-9]{1,3}", re.ASCII)
SCHEMA = NewHoldSchema()
Item = dict[str, Any]
Tiers = Mapping[str, tuple[Event, Tier]]


@dataclass(frozen=True)
class CartForm:
    """A submitted form: the tiers that it names, an item for each one that is chosen, and the tier to be removed."""

    named: Sequence[str]
    items: Sequence[Item]
    removed: str = ""

    @classmethod
    def parse(cls, form: MultiDict[str, str]) -> CartForm:
        """Return the choice of `form`; raises FormRefused for a quantity that is no number."""
        quantities = _quantities(form)
        seats = _seats(form)
        removed = form.get(REMOVE, "")
        items: list[Item] = []
        for tier_id in dict.fromkeys([*quantities, *seats]):
            if tier_id == removed:
                continue
            if tier_id in seats:
                items.append({"tierId": tier_id, "seats": seats[tier_id]})
            elif quantities[tier_id]:
                items.append({"tierId": tier_id, "quantity": quantities[tier_id]})
        return cls(list(dict.fromkeys([*quantities, *seats])), items, removed)

    def merged(self, cart: Hold | None) -> Sequence[CartLine]:
        """Return the lines of the cart after this form; raises FormRefused."""
        if cart is None:
            return load_lines(self.items)
        replaced = {item["tierId"] for item in self.items} | {self.removed}
        unchanged = [item for item in cart.items if item.tier_id not in replaced]
        return load_lines([*map(_item_of, unchanged), *self.items])


def load_lines(items: Iterable[Item]) -> Sequence[CartLine]:
    """Return the lines of items as the API takes them, none without any; raises FormRefused."""
    wanted = list(items)
    if not wanted:
        return ()
    if any(item.get("quantity", 0) > MAX_QUANTITY for item in wanted):
        number = MAX_QUANTITY
        raise FormRefused(gettext("At most %(number)s tickets of one kind fit in an order.", number=number))
    try:
        lines: Sequence[CartLine] = SCHEMA.load({"items": wanted})["items"]
    except ma.ValidationError:
        raise FormRefused(gettext("These tickets could not be understood. Please choose them again.")) from None
    return lines


def items_of(hold: Hold) -> list[Item]:
    """Return the items that hold the same tickets again."""
    return list(map(_item_of, hold.items))


def _item_of(held: HeldItem) -> Item:
    if held.seats:
        return {"tierId": held.tier_id, "seats": list(held.seats)}
    return {"tierId": held.tier_id, "quantity": held.quantity}


def _quantities(form: MultiDict[str, str]) -> dict[str, int]:
    """Return the quantities by tier id."""
    quantities = {}
    for name, value in form.items():
        if not name.startswith(QUANTITY):
            continue
        given = value.strip() or "0"
        if not NUMBER.fullmatch(given):
            raise FormRefused(gettext("Give the number of tickets in digits, such as 2."))
        quantities[name.removeprefix(QUANTITY)] = int(given)
    return quantities


def _seats(form: MultiDict[str, str]) -> dict[str, list[str]]:
    """Return the labels of seats by tier id."""
    seats: dict[str, list[str]] = {}
    for value in form.getlist(SEATS):
        tier_id, _, label = value.partition(":")
        seats.setdefault(tier_id, []).append(label)
    return seats
