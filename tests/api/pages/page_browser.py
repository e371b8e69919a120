"""A browser of tests that reads pages without scripts."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.api.conftest import Clock
from tests.api_client import Api
from tests.factories import person

DATE = "2026-03-05"


ODD = [f"2026-03-{day:02}" for day in range(1, 32, 2)]


@dataclass(frozen=True)
class Browser:
    """A browser without scripts: it keeps cookies by their path and sends what the form holds."""

    app: Flask
    clock: Clock

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.app.test_client(use_cookies=False).get(path, headers={"Accept": "text/html", **headers})

    def page(self, path: str = f"/?date={DATE}") -> str:
        answer = self.get(path)
        assert answer.status_code == 200
        return answer.text

    def form(self, slot: Mapping[str, Any] | None, page: str = "", **changes: str) -> dict[str, str]:
        """Fill in the form that `page` shows, or a new one."""
        form_token = re.search(r'name="form" value="([^"]+)"', page or self.page())
        assert form_token
        return {**person(), "date": DATE, "slotId": slot["_id"] if slot else "", "form": form_token[1], "website": "",
                "action": "book", **changes}  # fmt: skip

    def send(
        self, form: Mapping[str, str], *, after: float = 5, headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        self.clock.pass_by(seconds=after)
        content = "multipart/form-data"
        return self.app.test_client().post("/", data=dict(form), headers=dict(headers or {}), content_type=content)


def shown(answer: TestResponse) -> str:
    return html.unescape(answer.text)


def value(page: str, name: str) -> str:
    """Return what stands in a field of the page."""
    found = re.search(rf'<input id="{name}"[^>]* value="([^"]*)"', page) or re.search(
        rf'<textarea id="{name}"[^>]*>([^<]*)<', page
    )
    assert found, name
    return html.unescape(found[1])


def wrong(page: str, name: str) -> str:
    """Return what is said beside a field, which the field itself points to."""
    said = re.search(rf'id="{name}-error">(?:<span[^>]*>[^<]*</span>)?([^<]*)<', page)
    assert not said or re.search(rf'aria-invalid="true" aria-describedby="{name}-error', page)
    return html.unescape(said[1]) if said else ""


def fill(api: Api, slot: Mapping[str, Any]) -> None:
    for _ in range(4):
        assert api.book(slot).status == 201
