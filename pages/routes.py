"""All HTML pages: the root blueprint with every page family registered on it."""

from __future__ import annotations

from pages import compression, csrf, error_pages, page_visit
from pages.account import link_routes as account_link_routes
from pages.account import profile_routes as account_profile_routes
from pages.account import provider_errors
from pages.account import routes as account_routes
from pages.api_docs import routes as api_docs_routes
from pages.booking import routes as booking_routes
from pages.branding import routes as branding_routes
from pages.checkout import cart_routes, checkout_routes, order_routes, ticket_routes
from pages.embed import routes as embed_routes
from pages.events import routes as events_routes
from pages.find_booking import routes as links_routes
from pages.language_switch import routes as language_routes
from pages.my_bookings import routes as my_bookings_routes
from pages.self_service import routes as self_service_routes
from pages.site import blueprint

# These modules add their handlers to the blueprint when they are imported.
__all__ = ["blueprint", "compression", "csrf", "error_pages", "page_visit", "provider_errors"]

for _routes in (
    booking_routes,
    events_routes,
    embed_routes,
    my_bookings_routes,
    links_routes,
    branding_routes,
    self_service_routes,
    account_routes,
    account_link_routes,
    account_profile_routes,
    cart_routes,
    checkout_routes,
    order_routes,
    ticket_routes,
    language_routes,
    api_docs_routes,
):
    blueprint.register_blueprint(_routes.blueprint)
