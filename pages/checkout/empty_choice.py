"""Choice without a ticket: it is refused on the page of its event, with a session and without one."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from core.errors import DomainError
from core.web import context
from events.service import Events
from pages.checkout.cart_form import CartForm
from pages.errors import FormRefused
from pages.events.event_page import refused_page


def refused_if_empty(form: MultiDict[str, str]) -> Response | None:
    """Return the event's page with the refusal if `form` names tiers of an event but no ticket, else None."""
    try:
        choice = CartForm.parse(form)
        if choice.items or choice.removed:
            return None
        tiers = context.get_service(Events).of_tiers(choice.named or [form.get("tier", "")])
    except DomainError:
        return None
    for event, _tier in tiers.values():
        return refused_page(event.id, FormRefused(gettext("Choose at least one ticket.")))
    return None
