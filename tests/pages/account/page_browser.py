"""A browser without scripts that keeps cookies, on the pages of accounts."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "correct horse 7"
EMAIL = "ada@example.org"
COOKIE = "pageSession"


@dataclass
class PageBrowser:
    """A browser without scripts."""

    client: FlaskClient

    def get(self, path: str, **options: Any) -> TestResponse:
        headers = {"Accept": "text/html", **options.pop("headers", {})}
        return self.client.get(path, headers=headers, **options)

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> TestResponse:
        """Submit a form of the site's own page; `headers` replace those of the browser."""
        sent = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", **headers}
        return self.client.post(path, data=form or {}, headers=sent)

    def sign_up(self, **changes: str) -> TestResponse:
        return self.post("/sign-up", {"name": "Ada Lovelace", "email": EMAIL, "password": PASSWORD, **changes})

    def sign_in(self, **changes: str) -> TestResponse:
        return self.post("/sign-in", {"email": EMAIL, "password": PASSWORD, **changes})

    @property
    def token(self) -> str:
        """The page token in the cookie jar, or an empty text."""
        found = self.client.get_cookie(COOKIE)
        return found.value if found else ""

    def set_token(self, token: str) -> None:
        self.client.set_cookie(COOKIE, token)

    def is_signed_in(self) -> bool:
        answer = self.get("/account")
        assert answer.status_code in (200, 303)
        return answer.status_code == 200


def shown(answer: TestResponse) -> str:
    return html.unescape(answer.text)


def cookie_of(answer: TestResponse, name: str = COOKIE) -> str:
    """Return the Set-Cookie header of the cookie `name`, or an empty text."""
    for header in answer.headers.getlist("Set-Cookie"):
        if header.startswith(f"{name}="):
            return header
    return ""
