"""Planted violations of the architecture rules: path, code, and how the complaint about the path goes on."""

from __future__ import annotations

LONGEST_MODULE = 300
LONGEST_FUNCTION = 40

ONE_LINE_TOO_MANY = "\n".join(["def planted() -> None:", *["    print()"] * LONGEST_FUNCTION])

VIOLATIONS = [
    ("extra/thing.py", "", " belongs to no floor"),
    ("wiring.py", "def late() -> None:\n    import app", " imports app, which is not below it"),
    ("cli.py", "import devdb", " imports devdb, which is for development"),
    ("app.py", "from tests.factories import person", " imports tests.factories, which is for development"),
    ("devdb/planted.py", "import wiring", " imports wiring; development tools stand on core alone"),
    ("admin/planted.py", "from booking.store import BookingStore", " imports booking.store, a store"),
    ("booking/planted.py", "from waitlist.store import WaitlistStore", " imports waitlist.store, a store of others"),
    ("booking/routes.py", "from booking.store import KeyStore", " imports booking.store, a store of"),
    ("booking/planted.py", "from flask import g", " imports flask; only"),
    ("wiring.py", "import flask_cors", " imports flask_cors; only"),
    ("booking/planted.py", "from pymongo.errors import PyMongoError", " imports pymongo.errors; only"),
    (
        "booking/planted.py",
        "import resend",
        " imports resend; only notifications.providers.*, notifications.webhook may",
    ),
    ("booking/planted.py", "import flask_babel", " imports flask_babel; only pages.*, admin"),
    ("pages/planted.py", "import babel.dates", " imports babel.dates; only core.i18n may"),
    ("admin/planted.py", "import structlog", " imports structlog; only core.log may"),
    ("live/planted.py", "import socketio", " imports socketio; only live.socketio.server may"),
    ("core/planted.py", "import gevent", " imports gevent; only gunicorn.conf, core.concurrency"),
    ("core/web/planted.py", "import gunicorn.util", " imports gunicorn.util; only core.web.worker"),
    ("booking/model.py", "import orjson", " imports orjson, which model.py may not"),
    ("schedules/model.py", "from core.mongo import client", " imports core.mongo.client, which"),
    ("booking/errors.py", "import core.text", " imports core.text, which errors.py may not"),
    ("booking/store.py", "import schedules.model", " imports schedules.model, which store.py may not"),
    ("booking/service.py", "import core.web.etag", " imports core.web.etag, which service.py"),
    ("booking/schemas.py", "import booking.service", " imports booking.service, which schemas.py"),
    ("booking/planted.py", "import os\nX = os.environ['A']", ", line 3: os.environ; only"),
    ("booking/planted.py", "from os import getenv", ", line 2: os.getenv; only"),
    ("core/planted.py", "import datetime as d\nX = d.datetime.now()", ", line 3: datetime.now; only"),
    ("booking/__init__.py", "X = 1", " holds code"),
    ("booking/planted.py", "\n" * LONGEST_MODULE, " has 301 lines, more than 300"),
    ("booking/planted.py", ONE_LINE_TOO_MANY, ": planted has 41 lines, more than 40"),
]
PLANTED = [(path, code, f"{path}{complaint}") for path, code, complaint in VIOLATIONS]
