"""The web application, assembled: `create_app()` is what gunicorn and the `flask` command load."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

import click
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import admin.page.routes
import admin.routes
import booking.routes
import cli
import live.socketio.routes
import live.sse
import notifications.routes
import pages.locale
import pages.routes
import schedules.routes
import waitlist.routes
import wiring
from admin.guards import AdminKeys
from core import log
from core.config.settings import ROOT, ConfigError, Settings, from_env, load_environment
from core.mongo.client import timeout
from core.mongo.failures import DatabaseError
from core.web import context, health, openapi, problem_details, request_logging, security_headers
from core.web.body_limit import BodyReaderMiddleware
from core.web.rate_limits import limiter
from schedules.errors import ScheduleError
from schedules.routes import AvailabilityCache

# What pages are made of is not counted against limits: many guests behind one address would come to pages without it.
# The mail provider calls the webhook from few addresses; a call without a valid signature costs no query.
UNLIMITED_ENDPOINTS = frozenset({"pages.static", "pages.docs_asset", "webhooks.resend"})
# Each of the two questions behind /api/ready may take so long, finding a server included: probes give up after some
# seconds, and count no answer as a process that hangs.
READY_SECONDS = 1.0


def create_app(settings: Settings | None = None, **replacements: Any) -> Flask:
    """Return the application for `settings`, read from the environment by default; see `wiring.build`."""
    services = _services_or_exit(settings, replacements)
    settings = services.settings
    app = Flask(__name__, static_folder=None)
    https = settings.public_url.startswith("https://")
    app.config.update(MAX_CONTENT_LENGTH=settings.max_body_bytes, SESSION_COOKIE_SECURE=https)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.wsgi_app = waits = BodyReaderMiddleware(app.wsgi_app, settings.max_body_bytes)  # type: ignore[method-assign]
    app.extensions["booking.bodies"] = waits
    _configure(app, services)
    return app


def _services_or_exit(settings: Settings | None, replacements: dict[str, Any]) -> wiring.Services:
    """Return the services, or end with what is wrong with settings or schedule file, as gunicorn.conf.py does."""
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


def _configure(app: Flask, services: wiring.Services) -> None:
    settings = services.settings
    # after_request functions run in the reverse order of their registration: the log line is written last.
    request_logging.install(app)
    security_headers.install(app, https=settings.public_url.startswith("https://"), origins=settings.cors_origins)
    problem_details.install(app)
    allowances = limiter.install(
        app,
        default=settings.rate_limit_default,
        bookings=settings.rate_limit_bookings,
        exempt_endpoints=UNLIMITED_ENDPOINTS,
        **_limit_storage(settings),
    )
    context.install_services(
        app,
        services,
        *vars(services).values(),
        AvailabilityCache.for_schedules(services.schedules),
        AdminKeys.of(settings.admin_key),
        allowances,
    )
    doors = [
        schedules.routes.blueprint,
        booking.routes.blueprint,
        waitlist.routes.blueprint,
        live.sse.blueprint,
        admin.routes.blueprint,
        notifications.routes.blueprint,
    ]
    openapi.install(app, version=_version(), blueprints=doors)
    pages.locale.install(app)
    app.register_blueprint(pages.routes.blueprint)
    app.register_blueprint(live.socketio.routes.blueprint)
    checks = {"mongodb": lambda: _ping(services)}
    health.install(app, checks, services.letters.counts, lambda: _warnings(services))
    app.extensions["booking.letters"] = services.worker
    app.extensions["booking.scheduler"] = services.scheduler
    app.extensions["booking.live"] = services.live
    app.extensions["booking.hub"] = services.hub
    cli.install(app, services)


def _limit_storage(settings: Settings) -> dict[str, Any]:
    """Return where limits are counted. Half a second is as long as each step to a storage that is away may take."""
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
    with timeout(READY_SECONDS):
        services.client.admin.command("ping")


def _warnings(services: wiring.Services) -> Sequence[str]:
    with timeout(READY_SECONDS):
        return services.letter_health.warnings()


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])
