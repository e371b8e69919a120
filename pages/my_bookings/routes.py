"""My bookings: the reservations, the slot bookings and the waiting lists of the signed-in person."""

from __future__ import annotations

from flask import Response, request, url_for

from booking.account_bookings import ListAccountBookings
from booking.errors import BookingNotFound
from booking.model import Booking
from booking.self_service import SelfService
from core.web import context
from events.service import Events
from orders.reservations.cancel import CancelReservation
from orders.reservations.listing import ListReservations
from pages.my_bookings.view import hour_cards, reservation_cards
from pages.my_bookings.waiting import waiting_cards
from pages.rendering import render_page, see_other
from pages.signed_in import identity, signed_in, visit
from pages.site import PageBlueprint
from pages.token_cookie import redirect_with_token

blueprint = PageBlueprint("my_bookings", __name__, static_url="/static/my")
CANCELLED = "cancelled"


@blueprint.get("/my/bookings")
@signed_in
def show() -> Response:
    """Show what the person has booked."""
    reservations = context.get_service(ListReservations).of_account(visit().account.id, None)
    now = context.get_service(Events).clock()
    return render_page(
        "my_bookings/list.html",
        account=visit().account,
        reservations=reservation_cards(reservations, now),
        hours=hour_cards(_bookings(), now),
        waiting=waiting_cards(visit().account.id),
        is_cancelled=request.args.get("notice") == CANCELLED,
        current_path=url_for("pages.my_bookings.show"),
    )


@blueprint.post("/my/bookings/cancel")
@signed_in
def cancel() -> Response:
    """Cancel a reservation; a second call changes nothing."""
    context.get_service(CancelReservation).by_id(request.form.get("reservation", ""), visit().account.id)
    return see_other(url_for("pages.my_bookings.show", notice=CANCELLED))


@blueprint.post("/my/bookings/open")
@signed_in
def open_booking() -> Response:
    """Open the page of a slot booking, where it is changed or cancelled, with its token in a cookie."""
    booking_id = request.form.get("booking", "")
    if all(booking.id != booking_id for booking in _bookings()):
        raise BookingNotFound
    token = context.get_service(SelfService).signed_links.sign(booking_id)
    return redirect_with_token(token, url_for("pages.self_service.booking", booking_id=booking_id))


@blueprint.get("/my/bookings/cancel")
@blueprint.get("/my/bookings/open")
def back_to_bookings() -> Response:
    """Redirect from the address of a button to the page."""
    return see_other(url_for("pages.my_bookings.show"))


def _bookings() -> list[Booking]:
    return list(context.get_service(ListAccountBookings).execute(identity()))
