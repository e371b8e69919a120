"""One booking, from the dates to the back office."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from core.mongo.client import Client
from devdb.replica_set import ReplicaSet
from tests import factories
from tests.api_client import Api
from tests.conftest import ROOT, Served, free_port, stop, wait_until_ready


def test_a_guest_books_a_place_and_the_admin_sees_it(api: Api) -> None:
    slot = api.slots("2026-03-05")[0]

    booked = api.book(slot)

    assert booked.status == 201, booked.body
    assert api.slots("2026-03-05")[0]["remaining"] == 3
    listing = api.admin("GET", "/bookings").json
    assert [item["_id"] for item in listing["items"]] == [booked.json["booking"]["id"]]


def test_service_as_operators_start_it_books(replica_set: ReplicaSet, mongo: Client, tmp_path: Path) -> None:
    port = free_port()
    settings = factories.environment(replica_set.uri, PORT=str(port), WEB_CONCURRENCY="2")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **settings}
    with (tmp_path / "service.log").open("wb") as log:
        # Other tests fork the service from a process that has the libraries loaded.
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"],
            cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    served = Served(f"http://127.0.0.1:{port}", process, environment, tmp_path / "service.log")
    try:
        wait_until_ready(served)
        slot = served.api.slots("2026-03-07")[0]

        assert served.api.book(slot).status == 201
        assert "agrees" in served.verify()
    finally:
        stop(process)
        mongo.drop_database(environment["MONGODB_DATABASE"])


def test_no_header_moves_the_service_as_served_elsewhere(served: Served) -> None:
    lies = {"SCRIPT_NAME": "/elsewhere", "PATH_INFO": "/metrics", "X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "on"}

    page = served.api.get("/", headers=lies)

    assert page.status == 200
    assert b'href="/static/' in page.body
    assert b"elsewhere" not in page.body and b"https:" not in page.body
