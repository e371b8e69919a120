"""Preload of the pages: the first visitor of a process waits for no template and no country."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from jinja2 import Environment

from core.i18n import LANGUAGES
from core.mongo.client import Db
from core.web.context import runtime_of
from pages.booking.countries import countries
from pages.preload import PreloadPages
from tests.event_calls import new_tier, store_event

PATHS = ("/", "/?date=2026-03-05", "/events", "/sign-in", "/cart", "/embed")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the templates that are compiled from now on."""
    names: list[str] = []
    compile_template = Environment.compile

    def compile_and_note(self: Environment, source: Any, name: str | None = None, *rest: Any, **more: Any) -> Any:
        names.append(name or "")
        return compile_template(self, source, name, *rest, **more)

    monkeypatch.setattr(Environment, "compile", compile_and_note)
    return names


def visit_all(app: Flask, db: Db) -> None:
    event = store_event(db, new_tier("HALL", 4200, 1, seats=("A1",)))
    browser = app.test_client()
    for path in (*PATHS, f"/events/{event.id}", f"/events/{event.id}/seats"):
        assert browser.get(path, headers={"Accept": "text/html"}).status_code in (200, 303)


def test_first_visitor_waits_for_no_template(app: Flask, db: Db, compiled: list[str]) -> None:
    runtime_of(app).get(PreloadPages).execute()
    compiled.clear()

    visit_all(app, db)

    assert compiled == []


def test_control_without_preload_the_first_visitor_waits(app: Flask, db: Db, compiled: list[str]) -> None:
    visit_all(app, db)

    assert {"base.html", "booking/form.html", "events/seats.html"} <= set(compiled)


def test_countries_are_loaded_in_every_language(app: Flask) -> None:
    countries.cache_clear()

    runtime_of(app).get(PreloadPages).execute()

    assert countries.cache_info().currsize == len(LANGUAGES)
