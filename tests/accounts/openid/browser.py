"""A browser with cookies that goes through the code flow step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from tests.accounts.openid.local_provider import LocalProvider
from tests.api_client import Answer

START = "/api/auth/oidc/acme"


@dataclass
class Browser:
    """Test client of the service, and the provider that it is sent to."""

    client: FlaskClient
    provider: LocalProvider

    def send(self, method: str, path: str, **options: Any) -> Answer:
        response = self.client.open(path, method=method, **options)
        return Answer(response.status_code, response.get_json(silent=True), response.headers, response.data)

    def begin(self, return_to: str = "/") -> str:
        """Begin a sign-in and return the address of the provider's page."""
        answer = self.send("GET", START, query_string={"returnTo": return_to})
        assert answer.status == 302, answer.body
        return str(answer.headers["Location"])

    def callback_of(self, subject: str, return_to: str = "/") -> str:
        """Sign in at the provider; return path and query of the callback, which is not called."""
        return self.provider.sign_in(self.begin(return_to), subject)

    def sign_in(self, subject: str, return_to: str = "/") -> Answer:
        """Sign in with the provider and return the answer of the callback."""
        return self.send("GET", self.callback_of(subject, return_to))

    def refresh(self) -> Answer:
        return self.send("POST", "/api/auth/refresh")

    def cookies(self, answer: Answer, name: str) -> list[str]:
        """Return the Set-Cookie headers of the cookie `name`."""
        headers: list[str] = answer.headers.getlist("Set-Cookie")
        return [header for header in headers if header.startswith(f"{name}=")]
