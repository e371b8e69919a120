"""Page for guests without their e-mail: it sends the links of their open bookings again."""

from __future__ import annotations

from flask import Response, request, url_for

from booking.routes import send_links
from core.schema_fields import normalize_email
from core.web.rate_limits.limiter import RateLimited
from pages.booking.form import FIELD_MESSAGES
from pages.error_messages import ERROR_MESSAGES
from pages.rendering import render_page, see_other
from pages.site import PageBlueprint

blueprint = PageBlueprint("find_booking", __name__)


@blueprint.get("/find-booking")
def show() -> Response:
    """Show the form."""
    return render_page("find_booking/form.html", values={}, problems={})


@blueprint.post("/find-booking")
def send() -> Response:
    """Ask for the links, and redirect to the same answer for known and unknown addresses."""
    try:
        send_links(normalize_email(request.form.get("email", "")))
    except ValueError:
        return _form_with(str(FIELD_MESSAGES["email"]), 400)
    except RateLimited as error:
        page = _form_with(str(ERROR_MESSAGES[error.code]), 429)
        page.headers["Retry-After"] = str(error.retry_after)
        return page
    return see_other(url_for("pages.find_booking.sent"))


@blueprint.get("/find-booking/sent")
def sent() -> Response:
    """Say that the e-mail is on its way if there are bookings."""
    return render_page("find_booking/sent.html")


def _form_with(problem: str, status: int) -> Response:
    page = render_page("find_booking/form.html", values=request.form, problems={"email": problem})
    page.status_code = status
    return page
