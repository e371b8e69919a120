"""Fixtures of the pages: an application with a high booking limit, and a browser without scripts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.api.conftest import Clock
from tests.api.pages.page_browser import Browser
from tests.api_client import Api, over_app
from tests.conftest import ROOT

MARCH = ROOT / "schedules" / "march_2026.toml"


@pytest.fixture
def app(make_app: Callable[..., Flask], clock: Clock) -> Flask:
    return make_app(clock=clock, RATE_LIMIT_BOOKINGS="1000 per hour")


@pytest.fixture
def browser(app: Flask, clock: Clock) -> Browser:
    return Browser(app, clock)


@pytest.fixture
def party_app(make_app: Callable[..., Flask], clock: Clock, tmp_path: Path) -> Flask:
    """The default schedule, with up to three places a booking."""
    path = tmp_path / "party.toml"
    text = MARCH.read_text(encoding="utf-8").replace("# seats_per_booking = 4", "seats_per_booking = 3")
    path.write_text(text, encoding="utf-8")
    return make_app(clock=clock, RATE_LIMIT_BOOKINGS="1000 per hour", SCHEDULE_FILE=str(path))


@pytest.fixture
def visitor(party_app: Flask, clock: Clock) -> Browser:
    return Browser(party_app, clock)


@pytest.fixture
def party_api(party_app: Flask) -> Api:
    return Api(over_app(party_app))
