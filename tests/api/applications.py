"""Applications of tests, and slots that are fully booked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

import wiring
from core.web.context import runtime_of
from tests.api_client import Api, over_app

DATE = "2026-03-05"
Make = Callable[..., Flask]


def application(make_app: Make, **changes: Any) -> tuple[Api, wiring.Services]:
    """Return the verbs and the services of a new application."""
    app = make_app(**changes)
    return Api(over_app(app)), runtime_of(app).get(wiring.Services)


def fill_slot(api: Api) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Book every place of a slot; return the slot and its bookings."""
    slot = api.slots(DATE)[0]
    return slot, [api.book(slot).json["booking"] for _ in range(4)]
