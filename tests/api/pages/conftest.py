"""Fixtures of the pages: an application with a high booking limit, and a browser without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.api.conftest import Clock
from tests.api.pages.page_browser import Browser


@pytest.fixture
def app(make_app: Callable[..., Flask], clock: Clock) -> Flask:
    return make_app(clock=clock, RATE_LIMIT_BOOKINGS="1000 per hour")


@pytest.fixture
def browser(app: Flask, clock: Clock) -> Browser:
    return Browser(app, clock)
