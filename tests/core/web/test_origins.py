"""Host and X-Forwarded-Host are no address of this service: not in redirects, and not as an origin."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.api_client import Answer, Api, over_app

PUBLIC = "https://book.example.org"
EVIL = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
DOUBLED = [
    "/api//dates",
    "//api/dates",
    "/api//admin/validate",
    "//evil.example//api/dates",
    "/api//bookings/1",
    "/socket.io",
    "/socket.io?EIO=4&transport=websocket",
    "///",
    "/\\evil.example//x",
    "/%5Cevil.example//x",
]


@pytest.fixture
def proxied(make_app: Callable[..., Flask]) -> Api:
    return Api(over_app(make_app(TRUSTED_PROXIES="1", PUBLIC_URL=PUBLIC)))


@pytest.mark.parametrize("path", DOUBLED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_redirect_names_no_host(proxied: Api, path: str, method: str) -> None:
    answer = proxied.send(method, path, headers=EVIL)

    location = answer.headers.get("Location", "/")
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert b"//evil" not in answer.body


@pytest.mark.parametrize("path", ["/api//dates", "/socket.io"])
def test_redirect_is_relative(proxied: Api, path: str) -> None:
    answer = proxied.send("GET", path, headers=EVIL)

    assert answer.status == 308
    assert answer.headers["Location"] == path.replace("//", "/") + ("/" if path == "/socket.io" else "")
    assert b"evil" not in answer.body


def posted(api: Api, headers: dict[str, str]) -> Answer:
    return api.send("POST", "/", data={"look": ""}, headers=headers)


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({"Origin": PUBLIC}, True),
        ({"Origin": PUBLIC, **EVIL}, True),
        ({"Origin": "http://evil.example", **EVIL}, False),
        ({"Origin": "https://evil.example", **EVIL, "X-Forwarded-Proto": "https"}, False),
        ({"Origin": "http://evil.example", "Host": "evil.example"}, False),
        ({"Origin": "http://localhost:8000", "Host": "localhost:8000"}, True),
        ({"Origin": "http://localhost:3000", "Host": "localhost:8000"}, False),
        ({"Origin": "http://localhost:8000", "Host": "evil.example", "X-Forwarded-Host": "localhost:8000"}, False),
        ({"Origin": "http://localhost.evil.example", "Host": "localhost.evil.example"}, False),
        ({"Origin": "http://[::1]:8000", "Host": "[::1]:8000"}, True),
    ],
)
def test_origin_is_own_by_public_url_or_loopback_name(proxied: Api, headers: dict[str, str], is_own: bool) -> None:
    form = posted(proxied, headers)
    handshake = proxied.get("/socket.io/?EIO=4&transport=polling", headers=headers)

    assert (form.status == 403) is not is_own
    assert (handshake.code == "origin_refused") is not is_own
