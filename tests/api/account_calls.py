"""Requests to each public route of accounts in a full database."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask
from flask.testing import FlaskClient

from core.mongo.client import Db
from tests.factories import contact

PASSWORD = "correct horse 7"
NEW_PASSWORD = "another horse 8"
TOKEN_LINK = re.compile(r"#token=([A-Za-z0-9_-]+)")
Call = Callable[[], int]


@dataclass
class Person:
    """A registered person with a browser."""

    client: FlaskClient
    db: Db
    email: str
    headers: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, **body: str) -> int:
        """Send a JSON body and use the access token of the answer from then on."""
        response = self.client.post(f"/api/auth{path}", json=body or None, headers=self.headers)
        answer = response.get_json(silent=True) or {}
        if "accessToken" in answer:
            self.headers = {"Authorization": f"Bearer {answer['accessToken']}"}
        return response.status_code

    def send(self, method: str, path: str, **body: str) -> int:
        address = f"/api/auth{path}"
        return self.client.open(address, method=method, json=body or None, headers=self.headers).status_code

    def register(self) -> int:
        return self.post("/register", name="Ada", email=self.email, password=PASSWORD)

    def login(self, password: str = PASSWORD) -> int:
        return self.post("/login", email=self.email, password=password)

    def mailed_token(self, template: str) -> str:
        row = self.db["letters"].find_one({"template": template, "to": self.email}, sort=[("createdAt", -1)])
        found = TOKEN_LINK.search(str(row))
        assert found
        return found[1]

    def session_id(self) -> str:
        response = self.client.get("/api/auth/sessions", headers=self.headers)
        return str(response.get_json()["data"][0]["id"])


def registered(app: Flask, db: Db) -> Person:
    person = Person(app.test_client(), db, contact()["email"])
    assert person.register() == 201
    return person


def account_calls(app: Flask, db: Db) -> dict[str, Call]:
    """Return a request to each public route of accounts."""
    newcomer = Person(app.test_client(), db, contact()["email"])
    person = registered(app, db)
    session_id = person.session_id()
    token = person.mailed_token("account_verification")
    return {
        "GET /api/me/slots": lambda: person.client.get("/api/me/slots", headers=person.headers).status_code,
        "GET /api/me/data": lambda: person.client.get("/api/me/data", headers=person.headers).status_code,
        "POST /api/auth/register": newcomer.register,
        "POST /api/auth/login": person.login,
        "POST /api/auth/refresh": lambda: person.post("/refresh"),
        "POST /api/auth/logout": lambda: person.post("/logout"),
        "GET /api/auth/me": lambda: person.send("GET", "/me"),
        "PATCH /api/auth/me": lambda: person.send("PATCH", "/me", currentPassword=PASSWORD, password=NEW_PASSWORD),
        "DELETE /api/auth/me": lambda: person.send("DELETE", "/me", password=PASSWORD),
        "GET /api/auth/sessions": lambda: person.send("GET", "/sessions"),
        "DELETE /api/auth/sessions/{id}": lambda: person.send("DELETE", f"/sessions/{session_id}"),
        "DELETE /api/auth/sessions": lambda: person.send("DELETE", "/sessions"),
        "POST /api/auth/verify-email": lambda: person.post("/verify-email", token=token),
        "POST /api/auth/verify-email/resend": lambda: person.post("/verify-email/resend"),
        "POST /api/auth/forgot-password": lambda: person.post("/forgot-password", email=person.email),
        "POST /api/auth/reset-password": lambda: person.post("/reset-password", token="A" * 43, password=NEW_PASSWORD),
    }
