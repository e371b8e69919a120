"""Planted violations of the architecture rules: path, code, and the complaint it must cause."""

from __future__ import annotations

LONGEST_MODULE = 300
LONGEST_FUNCTION = 40

ONE_LINE_TOO_MANY = "\n".join(["def planted() -> None:", *["    print()"] * LONGEST_FUNCTION])

PLANTED = [
    ("extra/thing.py", "", "extra/thing.py belongs to no floor"),
    ("wiring.py", "def late() -> None:\n    import app", "wiring.py imports app, which is not below it"),
    ("cli.py", "import devdb", "cli.py imports devdb, which is for development"),
    ("app.py", "from tests.factories import person", "app.py imports tests.factories, which is for development"),
    ("devdb/planted.py", "import wiring", "devdb/planted.py imports wiring; development tools stand on core alone"),
    ("admin/planted.py", "from booking.store import BookingStore", "admin/planted.py imports booking.store, a store"),
    (
        "booking/planted.py",
        "from waitlist.store import WaitlistStore",
        "booking/planted.py imports waitlist.store, a store of others",
    ),
    ("booking/routes.py", "from booking.store import KeyStore", "booking/routes.py imports booking.store, a store of"),
    ("booking/planted.py", "from flask import g", "booking/planted.py imports flask; only"),
    ("wiring.py", "import flask_cors", "wiring.py imports flask_cors; only"),
    (
        "booking/planted.py",
        "from pymongo.errors import PyMongoError",
        "booking/planted.py imports pymongo.errors; only",
    ),
    (
        "booking/planted.py",
        "import resend",
        "booking/planted.py imports resend; only notifications.providers.*, notifications.webhook may",
    ),
    (
        "booking/planted.py",
        "import flask_babel",
        "booking/planted.py imports flask_babel; only pages.*, admin",
    ),
    ("pages/planted.py", "import babel.dates", "pages/planted.py imports babel.dates; only core.i18n may"),
    ("admin/planted.py", "import structlog", "admin/planted.py imports structlog; only core.log may"),
    ("live/planted.py", "import socketio", "live/planted.py imports socketio; only live.socketio.server may"),
    ("core/planted.py", "import gevent", "core/planted.py imports gevent; only gunicorn.conf, core.web.worker"),
    ("core/web/planted.py", "import gunicorn.util", "core/web/planted.py imports gunicorn.util; only core.web.worker"),
    ("booking/model.py", "import orjson", "booking/model.py imports orjson, which model.py may not"),
    (
        "schedules/model.py",
        "from core.mongo import client",
        "schedules/model.py imports core.mongo.client, which",
    ),
    ("booking/errors.py", "import core.text", "booking/errors.py imports core.text, which errors.py may not"),
    ("booking/store.py", "import schedules.model", "booking/store.py imports schedules.model, which store.py may not"),
    (
        "booking/service.py",
        "import core.web.etag",
        "booking/service.py imports core.web.etag, which service.py",
    ),
    ("booking/schemas.py", "import booking.service", "booking/schemas.py imports booking.service, which schemas.py"),
    ("booking/planted.py", "import os\nX = os.environ['A']", "booking/planted.py, line 3: os.environ; only"),
    ("booking/planted.py", "from os import getenv", "booking/planted.py, line 2: os.getenv; only"),
    ("core/planted.py", "import datetime as d\nX = d.datetime.now()", "core/planted.py, line 3: datetime.now; only"),
    ("booking/__init__.py", "X = 1", "booking/__init__.py holds code"),
    ("booking/planted.py", "\n" * LONGEST_MODULE, "booking/planted.py has 301 lines, more than 300"),
    ("booking/planted.py", ONE_LINE_TOO_MANY, "booking/planted.py: planted has 41 lines, more than 40"),
]
