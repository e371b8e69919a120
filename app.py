"""Application factory: gunicorn and the `flask` command load `create_app()`."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

import click
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import accounts.openid.routes
import accounts.routes
import admin.checkin.routes
import admin.page.routes
import admin.routes
import booking.routes
import cli
import events.routes
import live.socketio.routes
import live.sse
import notifications.routes
import orders.holds.routes
import orders.offers.routes
import orders.payments.routes
import orders.reservations.routes
import orders.routes
import orders.seats.routes
import orders.tickets.routes
import pages.embedding
import pages.locale
import pages.routes
import schedules.routes
import waitlist.routes
import wiring
from accounts.limits import SignInLimits
from admin.guards import AdminKeys
from booking.schemas import NewBookingSchema
from core import log
from core.config.settings import ROOT, ConfigError, Settings, from_env, load_environment
from core.contact.variants import variant
from core.mongo.client import timeout
from core.mongo.failures import DatabaseError
from core.web import context, cors, health, openapi, problem_details, schema_variants, security_headers
from core.web.application import Application
from core.web.body_limit import BodyReaderMiddleware
from core.web.endpoint import Blueprint
from core.web.rate_limits import limiter
from core.web.security_headers import FramedPages
from core.web.server import refusals
from pages.branding.brand import Brand
from pages.events.seat_layout import SeatLayouts
from pages.preload import PreloadPages
from schedules.availability_cache import AvailabilityCache
from schedules.errors import ScheduleError
from waitlist.schemas import NewWaitingSchema

# Static files are exempt from rate limits: many guests behind one address would get pages without them.
# The mail provider calls the webhook from few addresses; a call without a valid signature costs no query.
UNLIMITED_ENDPOINTS = frozenset(
    {
        "pages.static",
        "pages.booking.static",
        "pages.embed.script",
        "pages.embed.static",
        "pages.self_service.static",
        "pages.account.static",
        "pages.checkout.static",
        "pages.events.static",
        "pages.my_bookings.static",
        "pages.api_docs.static",
        "pages.api_docs.asset",
        "pages.admin.static",
        "pages.branding.brand_file",
        "pages.branding.favicon",
        "pages.branding.touch_icon",
        "pages.branding.manifest",
        "pages.branding.robots",
        "webhooks.resend",
        "payments.payment_event",
    }
)
# Timeout of each of the two checks behind /api/ready, server selection included: probes give up after some seconds,
# and take no answer for a hanging process.
READY_TIMEOUT = 1.0


def create_app(settings: Settings | None = None, **replacements: Any) -> Flask:
    """Return the application for `settings`, read from the environment by default; see `wiring.build`."""
    services = _services_or_exit(settings, replacements)
    settings = services.settings
    app = Application(__name__)
    https = settings.public_url.startswith("https://")
    app.config.update(MAX_CONTENT_LENGTH=settings.max_body_bytes, SESSION_COOKIE_SECURE=https)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    body_reader = BodyReaderMiddleware(app.wsgi_app, settings.max_body_bytes)
    app.wsgi_app = body_reader  # type: ignore[method-assign]
    context.runtime_of(app).add(body_reader)
    _configure(app, services)
    return app


def _services_or_exit(settings: Settings | None, replacements: dict[str, Any]) -> wiring.Services:
    """Return the services, or exit with 2 and the error in settings or schedule file, as gunicorn.conf.py does."""
    try:
        settings = settings or from_env(load_environment())
        log.configure(settings.log_format)
        return wiring.build(settings, **replacements)
    except (ConfigError, ScheduleError) as problems:
        reason = str(problems)
    except DatabaseError as error:
        reason = wiring.invalid_uri_message(error)
    click.echo(reason, err=True)
    raise SystemExit(2)


def _configure(app: Application, services: wiring.Services) -> None:
    settings = services.settings
    refusals.install(app)
    https = settings.public_url.startswith("https://")
    framed = FramedPages(pages.embedding.BLUEPRINT, settings.embed_origins)
    security_headers.install(app, https=https, framed=framed, with_images="pages.events")
    cors.install(app, settings.cors_origins)
    problem_details.install(app)
    rate_limiter = limiter.install(
        app,
        _quotas(settings),
        exempt_endpoints=UNLIMITED_ENDPOINTS,
        **_limit_storage(settings),
    )
    context.runtime_of(app).add(
        services,
        *services.every(),
        AvailabilityCache.for_schedules(services.schedules),
        AdminKeys.of(settings.admin_key),
        Brand.of(services.schedules.schedule.details),
        PreloadPages(app),
        SeatLayouts(services.orders.list_seats),
        rate_limiter,
        SignInLimits.over(rate_limiter.limiter.limiter, settings.rate_limit_login, settings.rate_limit_register),
    )
    rules = services.schedules.schedule.contact_rules
    schema_variants.install(app, {schema: variant(schema, rules) for schema in (NewBookingSchema, NewWaitingSchema)})
    openapi.install(app, version=_version(), blueprints=_blueprints())
    pages.locale.install(app)
    app.register_blueprint(pages.routes.blueprint)
    app.register_blueprint(live.socketio.routes.blueprint)
    checks = {"mongodb": lambda: _ping(services)}
    health.install(app, checks, services.outbox.counts, lambda: _warnings(services))
    cli.install(app, services)


def _blueprints() -> list[Blueprint]:
    return [
        schedules.routes.blueprint,
        events.routes.blueprint,
        booking.routes.blueprint,
        booking.routes.me_blueprint,
        waitlist.routes.blueprint,
        accounts.routes.blueprint,
        accounts.openid.routes.blueprint,
        orders.reservations.routes.blueprint,
        orders.holds.routes.blueprint,
        orders.seats.routes.blueprint,
        orders.routes.blueprint,
        orders.payments.routes.blueprint,
        orders.offers.routes.blueprint,
        orders.tickets.routes.blueprint,
        admin.checkin.routes.blueprint,
        live.sse.blueprint,
        admin.routes.blueprint,
        notifications.routes.blueprint,
    ]


def _quotas(settings: Settings) -> limiter.Quotas:
    return limiter.Quotas(
        requests=settings.rate_limit_default,
        bookings=settings.rate_limit_bookings,
        emails=settings.rate_limit_emails,
        booking_emails=settings.rate_limit_booking_emails,
        reservations=settings.rate_limit_reserve,
        orders=settings.rate_limit_orders,
    )


def _limit_storage(settings: Settings) -> dict[str, Any]:
    """Return the storage of rate limits. Each operation on it times out after half a second."""
    address = settings.mongodb_uri if settings.rate_limit_storage == "mongodb" else settings.rate_limit_storage
    options: dict[str, Any] = {}
    if address.startswith("mongodb"):
        options = {
            "database_name": f"{settings.mongodb_database}_limits",
            "serverSelectionTimeoutMS": 500,
            "connectTimeoutMS": 500,
            "socketTimeoutMS": 500,
            "w": 1,
        }
    return {"storage": address, "options": options}


def _ping(services: wiring.Services) -> None:
    with timeout(READY_TIMEOUT):
        services.client.admin.command("ping")


def _warnings(services: wiring.Services) -> Sequence[str]:
    with timeout(READY_TIMEOUT):
        return services.outbox_health.warnings()


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])
