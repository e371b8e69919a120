"""Cross-site request protection: a form is accepted only from a page of this site."""

from __future__ import annotations

from flask import request
from flask_babel import gettext

from core.config.settings import Settings
from core.web import context
from core.web.origins import is_own_origin
from pages.errors import CrossSitePost
from pages.site import blueprint


@blueprint.before_request
def reject_cross_site_posts() -> None:
    """Raise CrossSitePost for a form that another site's page has sent."""
    if request.method == "POST" and not _is_same_site():
        raise CrossSitePost(gettext("This form was sent from another site. Please use the page itself."))


def _is_same_site() -> bool:
    """Return whether this site's own page sent the form.

    Current browsers send Sec-Fetch-Site. Older ones send an Origin, which is "null" for pages without a Referer, as
    ours are; clients that are no browser send neither.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site in ("same-origin", "none")  # none: typed or bookmarked
    origin = request.headers.get("Origin", "")
    return origin in ("null", "") or is_own_origin(origin, context.get_service(Settings).public_url)
