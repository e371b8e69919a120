"""Cost of pages of a schedule of 500 days with ten-minute slots: CPU milliseconds of a worker, and bytes.

python -m bench.page_cost [--requests 20]

Every slot has a document. The requests are made in this process; CPU time is that of this process, without mongod's.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from bench.system_specs import UNLIMITED_RATE
from core.config.settings import ROOT
from core.mongo.client import connect
from core.web.context import runtime_of
from devdb.replica_set import start_replica_set
from schedules import schedule_file
from schedules.model import Schedule
from schedules.service import Schedules

SCHEDULE = ROOT / "bench" / "schedules" / "five_hundred_days.toml"
DATE = "2032-02-05"
ADMIN_KEY = "k" * 32

Request = Callable[[], Any]


def main(arguments: list[str]) -> None:
    """Print the cost of each page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20)
    count = parser.parse_args(arguments).requests
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        os.chdir(folder)
        replica_set = stack.enter_context(start_replica_set())
        client = stack.enter_context(connect(replica_set.uri))
        app = _application(replica_set.uri, client, Path(folder))
        schedule = schedule_file.load(SCHEDULE)
        runtime_of(app).get(Schedules).store.ensure(schedule.slot_by_id.values())
        for name, request in _requests(app, schedule).items():
            request()
            print(_line(name, request, count), flush=True)


def _application(uri: str, client: Any, folder: Path) -> Flask:
    # Imported here: the settings of the application come from arguments, not from the environment.
    from app import create_app
    from core.config.settings import from_env

    environment = {
        "MONGODB_URI": uri,
        "MONGODB_DATABASE": "pages",
        "ADMIN_KEY": ADMIN_KEY,
        "SECRET_KEY": "s" * 32,
        "SCHEDULE_FILE": str(SCHEDULE),
        "RATE_LIMIT_DEFAULT": UNLIMITED_RATE,
        "RATE_LIMIT_BOOKINGS": UNLIMITED_RATE,
        "EMAIL_FOLDER": str(folder),
    }
    return create_app(from_env(environment), client=client)


def _requests(app: Flask, schedule: Schedule) -> Mapping[str, Request]:
    browser = app.test_client()
    moving = _booking_path(browser, schedule)
    paths = {
        "/": "/",
        "/?date": f"/?date={DATE}",
        "/embed": "/embed",
        "/embed?date": f"/embed?date={DATE}",
        "move page": moving,
        "move page, a date": f"{moving}?date={DATE}",
        "admin slots of a date": f"/api/admin/slots?date={DATE}",
        "/api/dates": "/api/dates",
    }
    headers = {"X-Admin-Key": ADMIN_KEY}
    return {name: lambda path=path: browser.get(path, headers=headers) for name, path in paths.items()}  # type: ignore[misc]


def _booking_path(browser: FlaskClient, schedule: Schedule) -> str:
    """Book a slot and open its link; return the path of its page."""
    slot = schedule.day_by_date[DATE].slots[0]
    body = {
        "fullName": "Ada Guest",
        "email": "guest@example.com",
        "phone": "+14152000000",
        "country": "US",
        "city": "San Francisco",
        "date": slot.date,
        "slotId": slot.id,
        "message": "Looking forward to it.",
    }
    booking = browser.post("/api/bookings", json=body).json["booking"]  # type: ignore[index]
    path = f"/bookings/{booking['id']}"
    browser.post(f"{path}/open", data={"token": booking["manageUrl"].partition("#token=")[2]})
    return path


def _line(name: str, request: Request, count: int) -> str:
    before = time.process_time()
    for _ in range(count):
        answer = request()
    cpu = 1000 * (time.process_time() - before) / count
    if answer.status_code != 200:
        raise RuntimeError(f"{name}: {answer.status}")
    return f"{name:24} {cpu:7.1f} ms of CPU  {len(answer.data):8} bytes"


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
