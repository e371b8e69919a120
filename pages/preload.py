"""Preload of templates and countries beside the requests, since the first visitors of a process would wait for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from flask import Flask

from core.i18n import LANGUAGES, format_date
from pages.booking.countries import calling_code, countries, names

# Any date: formatting one loads the names of days and months.
SOME_DATE = "2026-03-05"
# Requests are served in between. A thread of its own could wait for the event loop's locks for ever.
PAUSE_SECONDS = 0.001


@dataclass(frozen=True)
class PreloadPages:
    """Compiles the templates of an application, and loads the names and numbering plans of countries."""

    app: Flask

    def execute(self) -> None:
        """Load all in small steps; none takes longer than the first request that would need it."""
        for step in self._steps():
            step()
            time.sleep(PAUSE_SECONDS)

    def _steps(self) -> Iterator[Callable[[], object]]:
        templates = self.app.jinja_env
        for language in LANGUAGES.values():
            yield partial(format_date, language, SOME_DATE)
        for code in names():
            yield partial(calling_code, code)
        for language in LANGUAGES.values():
            yield partial(countries, language)
        for name in templates.list_templates(extensions=["html", "svg"]):
            yield partial(templates.get_template, name)
