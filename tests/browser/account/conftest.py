"""Fixtures of the account pages in a browser: a running provider, and the service that knows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devdb.replica_set import ReplicaSet
from tests.accounts.openid.local_provider import LocalProvider, running_provider
from tests.conftest import Served, serving


@pytest.fixture(scope="module")
def provider() -> Iterator[LocalProvider]:
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def site(
    replica_set: ReplicaSet, module_database: str, provider: LocalProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The service with the provider under the name acme."""
    settings = {
        "OIDC_ACME_ISSUER": provider.url,
        "OIDC_ACME_CLIENT_ID": "booking",
        "OIDC_ACME_CLIENT_SECRET": "a secret",
    }
    folder = tmp_path_factory.mktemp("site")
    with serving(replica_set.uri, folder, MONGODB_DATABASE=module_database, **settings) as served:
        yield served
