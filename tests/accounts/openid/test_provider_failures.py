"""A provider that is away, answers wrongly or changes its keys: a clear answer, never a 500."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import requests
from authlib import jose
from flask import Flask
from joserfc.jwk import KeySet

from accounts.openid import discovery
from tests.accounts.openid.browser import START, Browser
from tests.accounts.openid.local_provider import LocalProvider
from tests.conftest import free_port

DISCOVERY = "/.well-known/openid-configuration"


def assert_unavailable(browser: Browser, path: str) -> None:
    answer = browser.send("GET", path)

    assert (answer.status, answer.code) == (503, "provider_unavailable")
    assert answer.headers["Retry-After"] == "30"
    assert "refreshToken" not in str(answer.headers)


@pytest.mark.parametrize("path", [DISCOVERY, "/jwks"])
def test_broken_discovery_is_answered_with_unavailable(browser: Browser, provider: LocalProvider, path: str) -> None:
    provider.broken_paths = {path}

    assert_unavailable(browser, START)

    provider.broken_paths = set()
    assert browser.send("GET", START).status == 302


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"token_endpoint": 7},
        {"token_endpoint": "http://provider.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "http://provider.example/jwks"},
        {"jwks_uri": "file:///etc/passwd"},
    ],
    ids=str,
)
def test_unusable_metadata_is_answered_with_unavailable(
    browser: Browser, provider: LocalProvider, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata

    assert_unavailable(browser, START)


def test_keys_that_are_none_are_answered_with_unavailable(browser: Browser, provider: LocalProvider) -> None:
    provider.metadata = {"jwks_uri": provider.url + DISCOVERY}

    assert_unavailable(browser, START)


def test_key_of_an_unknown_kind_is_ignored(
    browser: Browser, provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = discovery.get_json

    def with_another_key(address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        found = read(address, headers)
        if "keys" in found:
            found["keys"] = [{"kty": "AKP", "alg": "ML-DSA-44", "pub": "x"}, 7, {}, *found["keys"]]
        return found

    monkeypatch.setattr(discovery, "get_json", with_another_key)

    assert browser.send("GET", browser.callback_of(provider.add_person())).status == 302


def test_broken_token_endpoint_is_answered_with_unavailable(browser: Browser, provider: LocalProvider) -> None:
    callback = browser.callback_of(provider.add_person())
    provider.broken_paths = {"/oauth2/token"}

    assert_unavailable(browser, callback)


@pytest.mark.parametrize("error", ["invalid_client", "invalid_grant", "server_error"])
def test_error_of_the_token_endpoint_is_refused(browser: Browser, provider: LocalProvider, error: str) -> None:
    callback = browser.callback_of(provider.add_person())
    provider.token_answer = (400, {"error": error, "error_description": "secret words"})

    answer = browser.send("GET", callback)

    assert (answer.status, answer.code) == (400, "provider_sign_in_failed")
    assert b"secret words" not in answer.body


def make_app_for(make_app: Callable[..., Flask], issuer: str) -> Flask:
    return make_app(
        PUBLIC_URL="http://booking.example.org",
        OIDC_ACME_ISSUER=issuer,
        OIDC_ACME_CLIENT_ID="booking",
        OIDC_ACME_CLIENT_SECRET="a secret",
    )


def test_provider_without_a_server_is_answered_with_unavailable(
    make_app: Callable[..., Flask], provider: LocalProvider
) -> None:
    app = make_app_for(make_app, f"http://127.0.0.1:{free_port()}")

    assert_unavailable(Browser(app.test_client(), provider), START)


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=8) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_silent_provider_is_answered_after_the_time_out(
    make_app: Callable[..., Flask], provider: LocalProvider, silent_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "TIMEOUT", (0.3, 0.3))
    app = make_app_for(make_app, silent_server)
    started = time.monotonic()

    assert_unavailable(Browser(app.test_client(), provider), START)

    assert time.monotonic() - started < 5


def test_every_call_to_a_provider_has_a_time_out(
    browser: Browser, provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeouts = []
    send = requests.Session.send

    def recording(self: Any, request: Any, **options: Any) -> Any:
        if request.path_url != "/oauth2/authorize":
            timeouts.append(options["timeout"])
        return send(self, request, **options)

    subject = provider.add_person("")
    address = browser.begin()
    callback = provider.sign_in(address, subject)
    monkeypatch.setattr(requests.Session, "send", recording)

    browser.send("GET", callback)

    assert timeouts == [discovery.TIMEOUT] * 2  # tokens and userinfo


def test_address_at_the_userinfo_endpoint_counts(browser: Browser, provider: LocalProvider) -> None:
    provider.claims = {"email": None, "email_verified": None}

    assert browser.sign_in(provider.add_person()).status == 302

    assert browser.refresh().json["user"]["email"] == "ada@example.org"


def test_userinfo_of_another_subject_is_refused(browser: Browser, provider: LocalProvider) -> None:
    provider.claims = {"email": None, "sub": "somebody else"}

    answer = browser.sign_in(provider.add_person())

    assert (answer.status, answer.code) == (400, "provider_sign_in_failed")


def test_new_keys_of_the_provider_are_read_once_a_minute(
    browser: Browser, provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    subject = provider.add_person()
    browser.sign_in(subject)
    new = jose.RSAKey.generate_key(is_private=True)

    def read_keys(address: str) -> KeySet:
        read.append(address)
        return keys_of(new)

    monkeypatch.setattr(discovery, "_keys", read_keys)
    provider.key = new
    provider.header = {"kid": new.thumbprint()}

    assert browser.sign_in(subject).status == 302
    provider.header = {"kid": "unknown"}
    assert browser.sign_in(subject).code == "provider_sign_in_failed"
    assert browser.sign_in(subject).code == "provider_sign_in_failed"

    assert len(read) == 1


def keys_of(key: Any) -> KeySet:
    return KeySet.import_key_set({"keys": [{**key.as_dict(is_private=False), "kid": key.thumbprint()}]})
