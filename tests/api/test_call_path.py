"""Call path of one booking: the modules and stack frames of this code behind `POST /api/bookings`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app

from tests import factories
from tests.api_client import Api, over_app

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
# The figures reached; the target is 22 modules and 15 frames.
MAX_MODULES = 40
MAX_FRAMES = 20


@dataclass
class CallPath:
    """Profile function that records the modules of this code and its deepest stack of own frames."""

    modules: set[str] = field(default_factory=set)
    deepest: list[str] = field(default_factory=list)

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or not is_own(frame):
            return
        self.modules.add(frame.f_code.co_filename)
        stack = own_frames(frame)
        if len(stack) > len(self.deepest):
            self.deepest = stack


def is_own(frame: FrameType) -> bool:
    path = Path(frame.f_code.co_filename)
    return path.is_relative_to(ROOT) and not path.is_relative_to(TESTS) and ".venv" not in path.parts


def own_frames(innermost: FrameType) -> list[str]:
    names: list[str] = []
    frame: FrameType | None = innermost
    while frame is not None:
        if is_own(frame):
            names.append(frame.f_code.co_qualname)
        frame = frame.f_back
    return names[::-1]


def booking_environ(slot: Mapping[str, Any]) -> dict[str, Any]:
    body = {**factories.person(), "slotId": slot["_id"], "date": slot["date"]}
    return create_environ("/api/bookings", method="POST", json=body)


def test_booking_request_passes_few_modules_and_frames(app: Flask) -> None:
    api = Api(over_app(app))
    slot = api.slots()[0]
    assert api.book(slot).status == 201  # compiles schemas and templates once
    environ = booking_environ(slot)
    path = CallPath()

    sys.setprofile(path)
    try:
        _, status, _ = run_wsgi_app(app, environ)
    finally:
        sys.setprofile(None)

    assert status == "201 CREATED"
    assert len(path.modules) <= MAX_MODULES, sorted(path.modules)
    assert len(path.deepest) <= MAX_FRAMES, path.deepest
