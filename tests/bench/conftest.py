"""Systems of the benchmark in this process, and the payment gateway in another."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

import wiring
from bench.fixtures import SystemDatabase
from bench.payment_gateway import api_key, forget_payments, gateway_process, service_settings
from bench.peers.flask_peer import app as flask_peer
from bench.systems import System, SystemKind, SystemSpec
from core.mongo.client import Client
from core.web.context import runtime_of
from devdb.replica_set import ReplicaSet
from tests.api_client import Transport, over_app

PAYMENT_KEY = api_key("in_process")


@pytest.fixture(scope="module")
def gateway_url() -> Iterator[str]:
    """The URL of a payment gateway."""
    with gateway_process() as url:
        yield url


@pytest.fixture
def payment_api(gateway_url: str) -> str:
    """The URL of the gateway, without payments of the systems in this process."""
    forget_payments(gateway_url, PAYMENT_KEY)
    return gateway_url


def system_of(kind: SystemKind, environment: dict[str, str], db: Any) -> System:
    spec = SystemSpec("test", "test", kind, (), environment)
    return System(spec, SystemDatabase(db), process=None, log=None)  # type: ignore[arg-type]


@pytest.fixture
def service(
    make_app: Callable[..., Flask], payment_api: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[System, Transport]:
    """The service in this process, with few people; it pays at the gateway of the benchmark."""
    monkeypatch.setattr("bench.event_fixtures.PEOPLE", 4)
    monkeypatch.setattr("bench.event_fixtures.PEOPLE_PER_TRANSACTION", 2)
    settings_of_payment = service_settings(payment_api, PAYMENT_KEY)
    app = make_app(**settings_of_payment)
    services = runtime_of(app).get(wiring.Services)
    settings = services.settings
    environment = {
        "MONGODB_URI": settings.mongodb_uri,
        "SECRET_KEY": "a secret only tests know",
        "ADMIN_KEY": "test-admin-key-0001",
    }
    return system_of(SystemKind.SERVICE, environment, services.db), over_app(app)


@pytest.fixture
def peer(
    replica_set: ReplicaSet, mongo: Client, payment_api: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[System, Transport]]:
    """The Flask peer in this process."""
    name = f"peer-{uuid.uuid4().hex[:12]}"
    monkeypatch.setitem(os.environ, "MONGODB_URI", replica_set.uri)
    monkeypatch.setitem(os.environ, "MONGODB_DATABASE", name)
    monkeypatch.setitem(os.environ, "PAYMENT_API", payment_api)
    monkeypatch.setitem(os.environ, "PAYMENT_API_KEY", PAYMENT_KEY)
    yield system_of(SystemKind.PEER, {}, mongo[name]), over_app(flask_peer.create_app())
    mongo.drop_database(name)
