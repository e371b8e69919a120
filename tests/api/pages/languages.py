"""Helpers of the language tests: German requests, the switch, and links."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from core.mongo.client import Db
from tests.deferred import write_deferred

GERMAN_EVENT = "Tage der offenen Tür, März 2026"


def token_of(made: Mapping[str, Any]) -> str:
    return str(made["manageUrl"]).partition("#token=")[2]


def german(**more: str) -> dict[str, str]:
    return {"Accept-Language": "de", **more}


def press(app: Flask, headers: Mapping[str, str] | None = None, **form: str) -> TestResponse:
    return app.test_client(use_cookies=False).post(
        "/language", data=form, headers={"Accept": "text/html", **(headers or {})}
    )


def switch_on(page: str) -> tuple[str, dict[str, bool]]:
    """Return where the switch of a page leads back, and its languages with whether they are the present one."""
    form = re.search(
        r'<form class="languages" method="post" action="/language" aria-label="[^"]+">(.*?)</form>', page, re.S
    )
    assert form
    back = re.search(r'name="next" value="([^"]*)"', form[1])
    assert back
    buttons = re.findall(r'<button name="language" value="(\w+)" lang="(\w+)"( aria-current="true")?>(\w+)<', form[1])
    assert [(value, lang, name) for value, lang, _, name in buttons] == [
        ("en", "en", "English"),
        ("de", "de", "Deutsch"),
    ]
    return html.unescape(back[1]), {value: bool(current) for value, _, current, _ in buttons}


def letters(db: Db, template: str) -> list[Mapping[str, Any]]:
    return [row["facts"] for row in write_deferred(db)["letters"].find({"template": template}).sort("createdAt")]
