"""Fixtures of the back office's tests: a service whose event has a history."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devdb.replica_set import ReplicaSet
from tests.browser.backoffice.history import add_history
from tests.conftest import Served, serving


@pytest.fixture(scope="module")
def site(replica_set: ReplicaSet, module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with a sample history. Its mail server does not answer, so that e-mails keep their states."""
    changes = {"SMTP_URL": "smtp://127.0.0.1:9", "MAIL_FROM": "a@example.org", "ADMIN_EMAIL": "b@example.org"}
    folder = tmp_path_factory.mktemp("backoffice")
    with serving(replica_set.uri, folder, MONGODB_DATABASE=module_database, **changes) as served:
        add_history(served.api, served.db)
        yield served
