"""Confirmation in a frame: a receipt in its address proves what was done, because frames keep no cookie."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from booking.model import Booking, Status
from booking.self_service import SelfService
from core.web import context
from pages import receipt
from pages.embedding import home_path, language_argument
from pages.rendering import render_page, see_other
from waitlist.model import State, WaitlistEntry
from waitlist.service import Waitlist


class ReceiptConfirmations:
    """Confirmations by a receipt, without a cookie."""

    def booked(self, booking_id: str) -> Response:
        values: dict[str, Any] = {"receipt": receipt.issue(booking_id), **language_argument()}
        return see_other(url_for("pages.embed.booked", booking_id=booking_id, **values))

    def joined(self, entry_id: str) -> Response:
        values: dict[str, Any] = {"receipt": receipt.issue(entry_id), **language_argument()}
        return see_other(url_for("pages.embed.joined", entry_id=entry_id, **values))


def booking_confirmation(booking_id: str) -> Response:
    """Return the confirmation of a booking that is not cancelled; without a receipt the booking page."""
    if not _has_receipt(booking_id):
        return see_other(home_path())
    booking = context.get_service(SelfService).get_linked(booking_id)
    if booking.status is not Status.CONFIRMED:
        return see_other(home_path())
    return _confirmation(booking, booking.reference)


def entry_confirmation(entry_id: str) -> Response:
    """Return the confirmation of an entry that still waits; without a receipt the booking page."""
    if not _has_receipt(entry_id):
        return see_other(home_path())
    service = context.get_service(Waitlist)
    entry, _ = service.get(entry_id, service.signed_links.sign(entry_id))
    if entry.state is not State.WAITING:
        return see_other(home_path())
    return _confirmation(entry, "")


def _confirmation(record: Booking | WaitlistEntry, reference: str) -> Response:
    return render_page("embed/confirmation.html", record=record, reference=reference)


def _has_receipt(subject_id: str) -> bool:
    return receipt.is_valid(subject_id, request.args.get("receipt", ""))
