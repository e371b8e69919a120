"""Fixtures of the sign-in with a provider: a running provider, and an application that knows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.accounts.openid.browser import Browser
from tests.accounts.openid.local_provider import LocalProvider, running_provider


@pytest.fixture(scope="session")
def started_provider() -> Iterator[LocalProvider]:
    """One provider for all tests."""
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(started_provider: LocalProvider) -> LocalProvider:
    started_provider.reset()
    return started_provider


@pytest.fixture
def app(make_app: Callable[..., Flask], provider: LocalProvider) -> Flask:
    """The application with the provider under the name acme."""
    return make_app(
        PUBLIC_URL="http://booking.example.org",
        OIDC_ACME_ISSUER=provider.url,
        OIDC_ACME_CLIENT_ID="booking",
        OIDC_ACME_CLIENT_SECRET="a secret of the provider",
    )


@pytest.fixture
def browser(app: Flask, provider: LocalProvider) -> Browser:
    return Browser(app.test_client(), provider)


@pytest.fixture
def other_browser(app: Flask, provider: LocalProvider) -> Browser:
    return Browser(app.test_client(), provider)
