"""My bookings: the reservations and the slot bookings of the signed-in person."""

from __future__ import annotations

from flask import Response, url_for

from accounts.model import Identity
from accounts.page_sessions import PageVisit
from booking.account_bookings import ListAccountBookings
from core.web import context
from events.service import Events
from orders.reservations.listing import ListReservations
from pages.my_bookings.view import hour_cards, reservation_cards
from pages.page_visit import current_visit
from pages.rendering import render_page, see_other
from pages.site import PageBlueprint

blueprint = PageBlueprint("my_bookings", __name__)


@blueprint.get("/my/bookings")
def show() -> Response:
    """Show what the person has booked; without a session, redirect to the sign-in and back."""
    visit = current_visit()
    if visit is None:
        return see_other(url_for("pages.account.sign_in", next=url_for("pages.my_bookings.show")))
    return _page(visit)


def _page(visit: PageVisit) -> Response:
    identity = Identity(visit.account.id, visit.session_id, visit.account.role)
    reservations = context.get_service(ListReservations).of_account(visit.account.id, None)
    bookings = context.get_service(ListAccountBookings).execute(identity)
    now = context.get_service(Events).clock()
    return render_page(
        "my_bookings/list.html",
        reservations=reservation_cards(reservations, now),
        hours=hour_cards(bookings, now),
    )
