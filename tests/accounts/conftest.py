"""Fixtures of accounts: a browser with cookies over the application, and the e-mails of its outbox."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.mongo.client import Db
from tests.api_client import Answer

PASSWORD = "correct horse 7"  # nosec B105 # of test accounts
TOKEN_LINK = re.compile(r"#token=([A-Za-z0-9_-]+)")


@dataclass
class Device:
    """A client with cookies; `access_token` is that of its last sign-in or refresh."""

    client: FlaskClient
    access_token: str = ""

    def send(self, method: str, path: str, *, authorized: bool = True, **options: Any) -> Answer:
        headers = dict(options.pop("headers", {}))
        if authorized and self.access_token:
            headers.setdefault("Authorization", f"Bearer {self.access_token}")
        response = self.client.open(path, method=method, headers=headers, **options)
        answer = Answer(response.status_code, response.get_json(silent=True), response.headers, response.data)
        if answer.json and "accessToken" in answer.json:
            self.access_token = answer.json["accessToken"]
        return answer

    def register(self, email: str = "ada@example.org", password: str = PASSWORD, name: str = "Ada") -> Answer:
        body = {"name": name, "email": email, "password": password}
        return self.send("POST", "/api/auth/register", json=body, authorized=False)

    def login(self, email: str = "ada@example.org", password: str = PASSWORD) -> Answer:
        return self.send("POST", "/api/auth/login", json={"email": email, "password": password}, authorized=False)

    def refresh(self, **headers: str) -> Answer:
        return self.send("POST", "/api/auth/refresh", headers=headers, authorized=False)

    def me(self) -> Answer:
        return self.send("GET", "/api/auth/me")

    @property
    def cookie(self) -> str:
        """The refresh token in the cookie jar, or an empty text."""
        return self._read("refreshToken")

    @property
    def interrupted_cookie(self) -> str:
        """The token of an interrupted refresh in the cookie jar, or an empty text."""
        return self._read("refreshInterrupted")

    def set_cookie(self, token: str) -> None:
        self.client.set_cookie("refreshToken", token, path="/api/auth")

    def set_interrupted_cookie(self, token: str) -> None:
        self.client.set_cookie("refreshInterrupted", token, path="/api/auth")

    def _read(self, name: str) -> str:
        found = self.client.get_cookie(name, path="/api/auth")
        return found.value if found else ""


@pytest.fixture
def device(app: Flask) -> Device:
    return Device(app.test_client())


@pytest.fixture
def other_device(app: Flask) -> Device:
    return Device(app.test_client())


def mailed_token(db: Db, template: str) -> str:
    """Return the token of the newest e-mail of `template`."""
    row = db.letters.find_one({"template": template}, sort=[("_id", -1)])
    assert row is not None
    found = TOKEN_LINK.search(str(row))
    assert found
    return found[1]
