"""All HTML pages: the root blueprint with every page family registered on it."""

from __future__ import annotations

from pages import csrf, error_pages
from pages.api_docs import routes as api_docs_routes
from pages.booking import routes as booking_routes
from pages.language_switch import routes as language_routes
from pages.self_service import routes as self_service_routes
from pages.site import blueprint

# csrf and error_pages add their handlers to the blueprint when they are imported.
__all__ = ["blueprint", "csrf", "error_pages"]

for _routes in (booking_routes, self_service_routes, language_routes, api_docs_routes):
    blueprint.register_blueprint(_routes.blueprint)
