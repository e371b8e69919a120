"""Pages of events: the list, one event with its tickets, and the buttons of that page."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from core.errors import DomainError
from core.web import context
from core.web.rate_limits.limiter import RateLimiter
from events.errors import EventNotFound
from orders.offers.departure import LeaveTierWaitlist
from orders.offers.join import JoinTierWaitlist
from orders.reservations.cancel import CancelReservation
from orders.reservations.reserve import CreateReservation
from pages import error_pages
from pages.events import messages, seat_page
from pages.events.event_page import event_page, refused_page
from pages.events.list_page import list_page
from pages.events.waitlist_form import parse_quantity, parse_tier_id
from pages.formatting import local_time
from pages.rendering import see_other
from pages.signed_in import signed_in, visit
from pages.site import PageBlueprint

blueprint = PageBlueprint("events", __name__, static_url="/static/events")
blueprint.add_app_template_filter(messages.count_left, "count_left")
blueprint.add_app_template_filter(messages.month, "moment_month")
blueprint.add_app_template_filter(messages.price, "price")
blueprint.add_app_template_global(messages.badge, "availability_badge")
blueprint.add_app_template_global(local_time, "local_time")


@blueprint.get("/events")
def list_events() -> Response:
    """List the published events."""
    return list_page()


@blueprint.get("/events/<event_id>")
def show(event_id: str) -> Response:
    """Show an event with its tickets."""
    return event_page(event_id)


@blueprint.get("/events/<event_id>/seats")
def seats(event_id: str) -> Response:
    """Show the seats of a numbered tier as a map and as a list by row."""
    return seat_page.seat_page(event_id)


@blueprint.post("/events/<event_id>/reserve")
@signed_in
def reserve(event_id: str) -> Response:
    """Reserve one ticket of the first tier."""
    _count()
    context.get_service(CreateReservation).execute(event_id, visit().account.id)
    return _back(event_id, "reserved")


@blueprint.post("/events/<event_id>/cancel")
@signed_in
def cancel(event_id: str) -> Response:
    """Cancel the reservation; a second call changes nothing."""
    context.get_service(CancelReservation).of_event(event_id, visit().account.id)
    return _back(event_id, "cancelled")


@blueprint.post("/events/<event_id>/wait")
@signed_in
def wait(event_id: str) -> Response:
    """Join the waiting list of a tier."""
    tier_id = parse_tier_id(request.form, event_id)
    quantity = parse_quantity(request.form)
    _count()
    context.get_service(JoinTierWaitlist).execute(tier_id, visit().account.id, quantity)
    return _back(event_id, "waiting")


@blueprint.post("/events/<event_id>/leave")
@signed_in
def leave(event_id: str) -> Response:
    """Leave the waiting list of a tier, and give its offer back; a second call changes nothing."""
    context.get_service(LeaveTierWaitlist).execute(parse_tier_id(request.form, event_id), visit().account.id)
    return _back(event_id, "left")


@blueprint.get("/events/<event_id>/reserve")
@blueprint.get("/events/<event_id>/cancel")
@blueprint.get("/events/<event_id>/wait")
@blueprint.get("/events/<event_id>/leave")
def back_to_event(event_id: str) -> Response:
    """Redirect from the address of a button to its event."""
    return see_other(url_for("pages.events.show", event_id=event_id))


@blueprint.errorhandler(DomainError)
def on_domain_error(error: DomainError) -> Response:
    """Show the refusal of a button on the page of its event, other ones on a page of their own."""
    arguments: dict[str, Any] = request.view_args or {}
    if request.method != "POST" or isinstance(error, EventNotFound):
        return error_pages.on_domain_error(error)
    return refused_page(arguments["event_id"], error)


def _count() -> None:
    context.get_service(RateLimiter).hit_reservation(visit().account.id)


def _back(event_id: str, notice: str) -> Response:
    return see_other(url_for("pages.events.show", event_id=event_id, notice=notice))
