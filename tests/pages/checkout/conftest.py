"""Fixtures of the pages of buying tickets: a shop with events, and browsers of signed-in people."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.api.conftest import Clock, clock
from tests.orders.shop import Shop
from tests.pages.checkout.buying import BuyingBrowser

__all__ = ["clock"]


@pytest.fixture
def app(make_app: Callable[..., Flask], clock: Clock) -> Flask:
    return make_app(clock=clock)


@pytest.fixture
def shop(app: Flask) -> Shop:
    return Shop(app)


@pytest.fixture
def buyer(shop: Shop) -> BuyingBrowser:
    """A browser without scripts whose person is signed in."""
    return BuyingBrowser.signed_in(shop)


@pytest.fixture
def visitor(shop: Shop) -> BuyingBrowser:
    """A browser without scripts and without a session."""
    return BuyingBrowser(shop)
