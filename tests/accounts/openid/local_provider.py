"""A real OpenID provider on a loopback port, whose answers a test can change."""

from __future__ import annotations

import base64
import json
import re
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import pytest
import requests
from authlib import jose
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask, g
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.test import run_wsgi_app

from accounts.openid import discovery
from accounts.openid import provider as calls

# Seconds to connect and to read.
PATIENT = (30.0, 60.0)
FOREIGN_STYLES = re.compile(rb"<link[^>]*https://[^>]*>")


@dataclass
class LocalProvider:
    """oidc-provider-mock behind a proxy: without changes it answers as it is."""

    app: Flask
    url: str = ""
    # Members of the metadata to replace.
    metadata: dict[str, Any] = field(default_factory=dict)
    # Claims and header members of the ID token to replace; None removes one.
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    # The key that signs a changed ID token; the provider's own if there is none.
    key: Any = None
    # The whole answer of the token endpoint, with its status.
    token_answer: tuple[int, dict[str, Any]] | None = None
    broken_paths: set[str] = field(default_factory=set)
    # The PKCE challenge of each code: oidc-provider-mock itself does not check it.
    challenges: dict[str, str] = field(default_factory=dict)

    def reset(self) -> None:
        """Let the provider answer as it is."""
        fresh = LocalProvider(self.app, self.url)
        vars(self).update(vars(fresh))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path in self.broken_paths:
            start_response("500 INTERNAL SERVER ERROR", [("Content-Type", "text/html")])
            return [b"<h1>away</h1>"]
        if path == "/favicon.ico":
            start_response("204 NO CONTENT", [])
            return []
        if path == "/oauth2/token" and not self._has_verifier(environ):
            start_response("400 BAD REQUEST", [("Content-Type", "application/json")])
            return [b'{"error": "invalid_grant"}']
        body, status, headers = run_wsgi_app(self.app.wsgi_app, environ)
        content = b"".join(body)
        self._remember_challenge(environ, headers.get("Location", ""))
        # The provider's pages load styles from another host.
        content = FOREIGN_STYLES.sub(b"", content)
        if path == "/.well-known/openid-configuration":
            content = json.dumps({**json.loads(content), **self.metadata}).encode()
        if path == "/oauth2/token" and self.token_answer:
            status = f"{self.token_answer[0]} CHANGED"
            content = json.dumps(self.token_answer[1]).encode()
        elif path == "/oauth2/token" and (self.claims or self.header or self.key):
            content = self._changed(json.loads(content))
        headers["Content-Length"] = str(len(content))
        start_response(status, list(headers))
        return [content]

    def _remember_challenge(self, environ: dict[str, Any], location: str) -> None:
        query = parse_qs(environ["QUERY_STRING"])
        for code in parse_qs(urlsplit(location).query).get("code", []):
            self.challenges[code] = query["code_challenge"][0]

    def _has_verifier(self, environ: dict[str, Any]) -> bool:
        """Return whether the request for tokens has the verifier of its code's challenge (RFC 7636)."""
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = BytesIO(body)
        form = parse_qs(body.decode())
        verifier = form.get("code_verifier", [""])[0]
        return bool(create_s256_code_challenge(verifier) == self.challenges.get(form["code"][0]))

    def _changed(self, answer: dict[str, Any]) -> bytes:
        token = jose.JsonWebToken(["RS256"]).decode(answer["id_token"], self.own_key)
        claims = _replaced(dict(token), self.claims)
        header = _replaced(dict(token.header), self.header)
        if header["alg"] == "none":
            answer["id_token"] = _unsigned(header, claims)
        else:
            signed = jose.JsonWebToken([header["alg"]]).encode(header, claims, self.key or self.own_key)
            answer["id_token"] = signed.decode()
        return json.dumps(answer).encode()

    @property
    def storage(self) -> Any:
        """The provider's own storage of users and keys."""
        with self.app.test_request_context():
            self.app.preprocess_request()
            return g.oidc_provider_mock_storage

    @property
    def own_key(self) -> Any:
        return self.storage.jwk

    def add_person(self, email: str = "ada@example.org", *, subject: str = "", **claims: Any) -> str:
        """Store a person and return their subject."""
        subject = subject or uuid.uuid4().hex
        body = {"email": email, "email_verified": True, "name": "Ada Lovelace", **claims}
        assert requests.put(f"{self.url}/users/{subject}", json=body, timeout=60).status_code == 204
        return subject

    def sign_in(self, address: str, subject: str, **form: str) -> str:
        """Sign in at the page `address` of the provider; return path and query of the callback."""
        form = form or {"sub": subject}
        answer = requests.post(address, data=form, allow_redirects=False, timeout=60)
        assert answer.status_code == 302, answer.text
        parts = urlsplit(answer.headers["Location"])
        return f"{parts.path}?{parts.query}"


@contextmanager
def running_provider() -> Iterator[LocalProvider]:
    """Run a provider on a free port until the block ends; its server side accepts http meanwhile."""
    provider = LocalProvider(oidc_provider_mock.app(require_nonce=True))
    server = make_server("127.0.0.1", 0, provider, threaded=True)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        # On a loaded machine this provider may be slow; the service would give up.
        patch.setattr(discovery, "TIMEOUT", PATIENT)
        patch.setattr(calls, "TIMEOUT", PATIENT)
        try:
            yield provider
        finally:
            _stop(server, thread)


def _stop(server: BaseWSGIServer, thread: threading.Thread) -> None:
    server.shutdown()
    thread.join()
    server.server_close()


def _replaced(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = values | changes
    return {name: value for name, value in merged.items() if value is not None}


def _unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return f"{_encoded(header)}.{_encoded(claims)}."


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
