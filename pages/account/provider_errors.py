"""Refusals of a sign-in with a provider: a page for browsers, problem details for programs."""

from __future__ import annotations

from flask import Response, request

from accounts.openid.errors import PROVIDER_REFUSALS
from core.errors import DomainError
from core.web import problem_details
from pages.error_messages import message_for
from pages.error_pages import with_status
from pages.rendering import render_page
from pages.site import blueprint


def on_provider_refusal(error: DomainError) -> Response:
    """Answer with the status of the refusal; the page leads back to the sign-in."""
    answer = problem_details.on_error(error)
    answer.vary.add("Accept")
    if "text/html" not in request.headers.get("Accept", ""):
        return answer
    page = render_page("account/provider_refused.html", message=message_for(error), current_path="/sign-in")
    page.vary.add("Accept")
    return with_status(page, answer)


for _refusal in PROVIDER_REFUSALS:
    blueprint.app_errorhandler(_refusal)(on_provider_refusal)
