"""Cost of public routes: documents that each examines in a full database, as the table of docs/routes.md states."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

import wiring
from app import create_app
from core import clock as core_clock
from core.config.settings import ROOT
from core.mongo.client import Client, Db
from core.web import health
from devdb.replica_set import ReplicaSet
from notifications.outbox.health import MAX_COUNTED, OutboxHealth
from tests import factories
from tests.accounts.openid.local_provider import LocalProvider, running_provider
from tests.api import full_database
from tests.api.conftest import Clock
from tests.api.route_calls import DATE, GROUPS, AdvancedTime, Group, Rush, calls
from tests.api_client import Api, over_app

TABLE = re.findall(
    r"^\| `(GET|POST|PATCH|DELETE) (/[^`]*)` \| (\d+) \|",
    (ROOT / "docs" / "routes.md").read_text(encoding="utf-8").partition("## Cost of public routes")[2],
    re.MULTILINE,
)
REDIRECTS = {
    "pages.account.back_from_button",
    "pages.account.back_to_account",
    "pages.account_profile.back_to_account",
    "pages.admin.page_with_slash",
    "pages.events.back_to_event",
    "pages.my_bookings.back_to_bookings",
    "pages.cart.back_to_cart",
    "pages.orders.back_to_order",
    "pages.self_service.back_to_booking",
    "pages.self_service.back_to_waiting",
    "pages.tickets.back_to_tickets",
}
ROUTES = [(f"{method} {path}", int(most)) for method, path, most in TABLE]


@dataclass(frozen=True)
class FullService:
    """A service over a full database."""

    app: Flask
    api: Api
    db: Db
    clock: Clock
    slots: Sequence[Mapping[str, Any]]
    provider: LocalProvider
    time: AdvancedTime

    def rush(self) -> Rush:
        """Return a guest who has booked and one who waits."""
        booking = self.api.book(self.slots[0]).json["booking"]
        entry = self.api.wait_for(self.slots[-1]).json["entry"]
        return Rush(**vars(self), booking=booking, entry=entry)


@pytest.fixture(scope="module")
def provider() -> Iterator[LocalProvider]:
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def advanced_time() -> Iterator[AdvancedTime]:
    advanced = AdvancedTime()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core_clock, "time", advanced)
        yield advanced


@pytest.fixture(scope="module")
def full_service(
    replica_set: ReplicaSet, mongo: Client, provider: LocalProvider, advanced_time: AdvancedTime
) -> Iterator[FullService]:
    settings = factories.settings(
        replica_set.uri,
        OIDC_ACME_ISSUER=provider.url,
        OIDC_ACME_CLIENT_ID="booking",
        OIDC_ACME_CLIENT_SECRET="a secret",
    )
    db = mongo[settings.mongodb_database]
    wiring.prepare_database(db)
    clock = Clock(datetime.now(UTC))
    app = create_app(settings, client=mongo, clock=clock)
    api = Api(over_app(app))
    for day in api.dates():
        for slot in api.slots(day["date"]):
            assert api.book(slot).status == 201
    slots = api.slots(DATE)
    for slot, capacity in ((slots[0], 1000), (slots[-1], 1)):
        assert api.admin("PATCH", f"/slots/{slot['_id']}", json={"capacity": capacity}).status == 200
    booking = api.book(slots[0]).json["booking"]
    full_database.fill(db, booking, api.wait_for(slots[-1]).json["entry"], clock)
    yield FullService(app, api, db, clock, slots, provider, advanced_time)
    mongo.drop_database(db.name)


@pytest.fixture(scope="module")
def group_of(full_service: FullService) -> dict[str, Group]:
    """The group that makes the request to each route: to make all of them takes longer than what one test does."""
    rush = full_service.rush()
    return {route: group for group in GROUPS for route in group(rush)}


@pytest.fixture
def rush(full_service: FullService) -> Rush:
    return full_service.rush()


@pytest.mark.parametrize(("route", "most"), ROUTES, ids=[route for route, _ in ROUTES])
def test_public_route_examines_at_most_the_stated_documents(
    rush: Rush, group_of: Mapping[str, Group], route: str, most: int
) -> None:
    call = group_of[route](rush)[route]
    status, examined = rush.profiled(call)
    if route.startswith("GET ") and examined.documents > most:
        # A cache of a minute may have been empty, which other routes fill.
        status, examined = rush.profiled(call)

    assert status < 500
    assert examined.documents <= most, examined


def test_profile_counts_the_documents_of_a_collection_scan(rush: Rush) -> None:
    def scan() -> int:
        return len(list(rush.db["letters"].find({"template": "none"})))

    found, examined = rush.profiled(scan)

    assert found == 0
    assert examined.documents > 2 * full_database.EMAILS


def test_control_reading_every_blocked_email_exceeds_the_stated_cost(
    rush: Rush, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_all(health_of: OutboxHealth, _before: datetime) -> None:
        blocked = list(health_of.db.letters.find({"after": {"$exists": True}, "dueAt": {"$exists": True}}))
        assert len(blocked) > full_database.EMAILS

    monkeypatch.setattr(OutboxHealth, "waiting_since", read_all)
    _, examined = rush.profiled(lambda: rush.get("/api/ready"))

    assert examined.documents > 10 * dict(ROUTES)["GET /api/ready"]


def test_readiness_examines_a_bounded_number_of_index_keys(rush: Rush) -> None:
    status, examined = rush.profiled(lambda: rush.get("/api/ready"))

    assert status == 200
    assert examined.keys <= MAX_COUNTED + 10


def test_readiness_is_read_once_for_many_callers(rush: Rush) -> None:
    def ask_often() -> int:
        with ThreadPoolExecutor(20) as callers:
            statuses = set(callers.map(lambda _: rush.get("/api/ready"), range(200)))
        assert statuses == {200}
        return 200

    started = time.monotonic()
    _, examined = rush.profiled(ask_often)
    reads = 3 + (time.monotonic() - started) / health.CACHE_SECONDS

    assert examined.documents <= reads * dict(ROUTES)["GET /api/ready"]


def test_waiting_position_is_counted_in_the_index_alone(rush: Rush) -> None:
    _, examined = rush.profiled(lambda: rush.held(rush.entry, "GET"))

    assert examined.documents < 10
    assert examined.keys > full_database.WAITING


def test_metrics_examine_no_email(rush: Rush) -> None:
    status, _ = rush.profiled(lambda: rush.get("/metrics"))

    assert status == 200
    assert "letters" not in rush.collections_examined()


def test_cost_table_names_each_public_route_once(rush: Rush) -> None:
    routes = [route for route, _ in ROUTES]

    assert sorted(routes) == sorted(calls(rush))
    assert {plain(route) for route in routes} == {plain(route) for route in public_routes(rush.app)}


def plain(route: str) -> str:
    return re.sub(r"<[^>]*>|\{[^}]*\}", "{}", route)


def public_routes(app: Flask) -> set[str]:
    """Return the routes that need no admin key and are neither files nor redirects."""
    routes = set()
    for rule in app.url_map.iter_rules():
        is_file = "<path:" in rule.rule
        is_redirect = rule.endpoint in REDIRECTS or rule.rule.endswith(">/")
        if is_file or is_redirect or rule.rule.startswith("/api/admin"):
            continue
        routes |= {f"{method} {rule.rule}" for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    return routes
