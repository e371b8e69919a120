"""Tickets that the signed-in person holds now: pictures, PDF, and transfer to another person."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import marshmallow as ma
from flask import Response, request, url_for
from flask_babel import gettext

from core.errors import DomainError
from core.web import context
from core.web.rate_limits.limiter import RateLimiter
from events.service import Events
from orders.documents import OrderDocuments
from orders.errors import OrderNotFound
from orders.tickets.listing import ListTickets
from orders.tickets.model import TicketState
from orders.tickets.schemas import TransferSchema
from orders.tickets.transfer import TransferTicket
from pages import error_pages
from pages.checkout.downloads import PRIVATE, download
from pages.checkout.messages import sentence_for
from pages.checkout.order_page import order_page
from pages.checkout.order_view import TicketView, numbered
from pages.errors import CrossSitePost, FormRefused
from pages.locale import current_language
from pages.page_visit import current_visit
from pages.rendering import render_page, see_other
from pages.signed_in import signed_in, visit
from pages.site import PageBlueprint

blueprint = PageBlueprint("tickets", __name__)
TRANSFER = TransferSchema()


@blueprint.get("/my/tickets")
@signed_in
def list_tickets() -> Response:
    """List the tickets, those of coming events first."""
    return _tickets_page()


@blueprint.post("/my/tickets/transfer")
@signed_in
def transfer() -> Response:
    """Pass a ticket on to the holder of an e-mail address, and list the others."""
    code = request.form.get("code", "")
    try:
        email = TRANSFER.load({"email": request.form.get("email", "").strip()})["email"]
    except ma.ValidationError:
        raise FormRefused(gettext("Enter the recipient's e-mail address, such as ada@example.org.")) from None
    context.get_service(RateLimiter).hit_order(visit().account.id)
    context.get_service(TransferTicket).execute(visit().account, code, email)
    return see_other(url_for("pages.tickets.list_tickets", transferred=1))


@blueprint.get("/my/tickets/transfer")
def back_to_tickets() -> Response:
    """Redirect from the address of the button."""
    return see_other(url_for("pages.tickets.list_tickets"))


@blueprint.get("/my/tickets/<code>/ticket.pdf")
@signed_in
def ticket_file(code: str) -> Response:
    """Serve one ticket that the person holds as PDF."""
    content = context.get_service(OrderDocuments).ticket_of(visit().account, code, current_language().code)
    return download(content, "application/pdf", "ticket.pdf")


@blueprint.errorhandler(DomainError)
def on_domain_error(error: DomainError) -> Response:
    """Show the reason on the page from which the form came: an order's, else the list."""
    if isinstance(error, CrossSitePost) or current_visit() is None:
        return error_pages.on_domain_error(error)
    order_id = request.form.get("order", "")
    if order_id:
        with suppress(OrderNotFound):
            return error_pages.with_refusal(order_page(order_id, sentence_for(error)), error)
    return error_pages.with_refusal(_tickets_page(sentence_for(error)), error)


def _tickets_page(problem: str = "") -> Response:
    now = context.get_service(Events).clock()
    found = context.get_service(ListTickets).held_by(visit().account)
    views = numbered(sorted((TicketView(ticket, event) for ticket, event in found), key=_date))
    coming = [view for view in views if _is_coming(view, now)]
    others = [view for view in views if view not in coming]
    page = render_page(
        "checkout/tickets.html",
        coming=coming,
        others=others,
        problem=problem,
        typed=request.form,
        is_transferred="transferred" in request.args,
        current_path=url_for("pages.tickets.list_tickets"),
    )
    page.headers.update(PRIVATE)
    return page


def _date(view: TicketView) -> tuple[str, str]:
    """Sort key: the date of the event, then the ticket."""
    if view.event is None:
        return "", view.ticket.id
    return view.event.date.isoformat(), view.ticket.id


def _is_coming(view: TicketView, now: datetime) -> bool:
    """Return whether the ticket is not void and its event has not begun."""
    if view.event is None or view.ticket.state is TicketState.VOID:
        return False
    return view.event.date > now
