"""Plain heads: what is taken is taken as gunicorn's parser takes it, and all that is unusual is left to it."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest

from core.web.server import plain_head
from core.web.server.client_socket import ClientSocket
from core.web.server.plain_connection import HEAD_END
from core.web.server.plain_exchange import PlainBody, PlainRequest
from tests.core.web.server.mutated_heads import gunicorn_verdict, mutated, relevant

HEAD = "GET /a HTTP/1.1\r\nHost: x"
SEED = 20_260_305


def plain_verdict(data: bytes) -> dict[str, Any] | None:
    """Return the environ, framing and rest of a request with a plain head, None if it is left to gunicorn."""
    end = data.find(HEAD_END)
    environ: dict[str, Any] = {}
    if end < 0 or not plain_head.parse_into(environ, data[:end]):
        return None
    rest = data[end + len(HEAD_END) :]
    length = plain_head.content_length(environ)
    body = PlainBody(cast("ClientSocket", None), b"", 0)
    close = PlainRequest(environ, 1, body).should_close()
    return {**relevant(environ), "length": length, "close": close, "rest": rest}


def differences(count: int) -> tuple[int, list[bytes]]:
    """Return how many mutated heads are plain, and those of them that gunicorn refuses or reads otherwise."""
    plain, different = 0, []
    for data in mutated(count, SEED):
        verdict = plain_verdict(data)
        if verdict is not None:
            plain += 1
            if verdict != gunicorn_verdict(data):
                different.append(data)
    return plain, different


def test_mutated_heads_get_gunicorns_verdict_or_a_stricter_one(request: pytest.FixtureRequest) -> None:
    count = int(request.config.getoption("--mutated-heads"))

    plain, different = differences(count)

    assert different == []
    assert plain > count / 20, "mutations leave enough heads plain"


@pytest.mark.parametrize(
    ("name", "weaker"),
    [
        ("FIELD_NAME", re.compile(r"[A-Za-z0-9_-]+")),
        ("UNUSUAL_FIELDS", frozenset()),
        ("PLAIN_CONNECTIONS", frozenset({"keep-alive", "close", "", "close, upgrade", "k"})),
        ("_is_plain_target", lambda target: target.startswith("/")),
        ("MAX_BODY", 10**9),
    ],
)
def test_control_head_parser_without_a_guard_differs_from_gunicorn(
    name: str, weaker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_head, "_keys", {})
    assert accepted(GUARDED[name]) is None

    monkeypatch.setattr(plain_head, name, weaker)
    taken = accepted(GUARDED[name])

    assert taken is not None
    if name in ("FIELD_NAME", "UNUSUAL_FIELDS"):
        assert taken != gunicorn_verdict(GUARDED[name].encode() + HEAD_END)


GUARDED = {
    "FIELD_NAME": f"{HEAD}\r\nX_A: 1",
    "UNUSUAL_FIELDS": f"{HEAD}\r\nTransfer-Encoding: chunked",
    "PLAIN_CONNECTIONS": f"{HEAD}\r\nConnection: close, upgrade",
    "_is_plain_target": "GET //host/a#b HTTP/1.1\r\nHost: x",
    "MAX_BODY": f"{HEAD}\r\nContent-Length: 99999",
}


def accepted(head: str) -> dict[str, Any] | None:
    return plain_verdict(head.encode("latin-1") + HEAD_END)


@pytest.mark.parametrize(
    "head",
    [
        f"{HEAD}\r\nHost: y",
        f"{HEAD}\r\nhost: y",
        f"{HEAD}\r\nA: b\r\nA: c",
        f"{HEAD}\r\nContent-Length: 1\r\nContent-Length: 1",
        f"{HEAD}\r\nContent-Length: +1",
        f"{HEAD}\r\nContent-Length: \xb2",
        f"{HEAD}\r\nContent-Length: 99999",
        f"{HEAD}\r\nContent-Length:",
        f"{HEAD}\r\nTransfer-Encoding: chunked",
        f"{HEAD}\r\nExpect: 100-continue",
        f"{HEAD}\r\nUpgrade: websocket",
        f"{HEAD}\r\nConnection: Upgrade",
        f"{HEAD}\r\nTE: trailers",
        f"{HEAD}\r\nX_Y: z",
        f"{HEAD}\r\nA : b",
        f"{HEAD}\r\n folded",
        f"{HEAD}\r\nno colon",
        f"{HEAD}\r\nHost",
        f"{HEAD}\r\n: b",
        f"{HEAD}\r\nA: b\tc",
        f"{HEAD}\r\nA: b\0c",
        f"{HEAD}\r\nA: \xe4",
        f"{HEAD}\nA: b",
        f"{HEAD}\rA: b",
        f"{HEAD}\r\nA: {'b' * 4000}",
        HEAD + "".join(f"\r\nA{number}: b" for number in range(70)),
        "GET /a HTTP/1.1\r\nA: b",
        "GET /a HTTP/1.0\r\nHost: x",
        "GET /a HTTP/1.1 \r\nHost: x",
        "GET  /a HTTP/1.1\r\nHost: x",
        "GET /a b HTTP/1.1\r\nHost: x",
        "GET /a#b HTTP/1.1\r\nHost: x",
        "GET //a HTTP/1.1\r\nHost: x",
        "GET http://x/a HTTP/1.1\r\nHost: x",
        "OPTIONS * HTTP/1.1\r\nHost: x",
        "CONNECT x:80 HTTP/1.1\r\nHost: x",
        "get /a HTTP/1.1\r\nHost: x",
        "\r\nGET /a HTTP/1.1\r\nHost: x",
        "",
    ],
)
def test_unusual_head_is_left_to_gunicorn(head: str) -> None:
    assert accepted(head) is None


def test_plain_head_becomes_the_environ() -> None:
    verdict = accepted(
        "POST /a%20b%C3%A4?c=d%20e HTTP/1.1\r\nhost: x:80\r\nX-A:  b c \r\nContent-Type: d\r\nContent-Length: 3"
    )

    assert verdict == {
        "REQUEST_METHOD": "POST",
        "RAW_URI": "/a%20b%C3%A4?c=d%20e",
        "PATH_INFO": "/a b\xc3\xa4",
        "QUERY_STRING": "c=d%20e",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "x:80",
        "HTTP_X_A": "b c",
        "CONTENT_TYPE": "d",
        "CONTENT_LENGTH": "3",
        "length": 3,
        "close": False,
        "rest": b"",
    }


def test_field_names_that_clients_invent_are_not_all_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_head, "_keys", {})

    for number in range(2 * plain_head.MAX_KEYS):
        assert accepted(f"{HEAD}\r\nX-{number}: y") is not None

    assert len(plain_head._keys) == plain_head.MAX_KEYS
