"""Access tokens over HTTP: forged, foreign, expired and misused ones, and the rotation of keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from flask import Flask

import wiring
from accounts.access_tokens import derive_keys
from accounts.guards import current_identity, optional
from core.mongo.client import Db
from core.signed_tokens import SignedLinks
from tests.accounts.conftest import Device, mailed_token
from tests.api.conftest import Clock
from tests.api_client import Api

SECRET = "a secret only tests know"
KEY = derive_keys([SECRET])[0]
PEOPLE_ONLY = [
    ("GET", "/api/auth/me"),
    ("PATCH", "/api/auth/me"),
    ("DELETE", "/api/auth/me"),
    ("GET", "/api/auth/sessions"),
    ("DELETE", "/api/auth/sessions"),
    ("DELETE", "/api/auth/sessions/0"),
    ("POST", "/api/auth/verify-email/resend"),
    ("GET", "/api/me/slots"),
    ("GET", "/api/me/data"),
]


def claims_of(device: Device) -> dict[str, Any]:
    return jwt.decode(device.access_token, options={"verify_signature": False})


def test_access_token_has_the_documented_claims(device: Device) -> None:
    user = device.register().json["user"]

    claims = claims_of(device)

    assert jwt.get_unverified_header(device.access_token)["alg"] == "HS256"
    assert claims["sub"] == user["id"]
    assert claims["typ"] == "access"
    assert claims["exp"] - claims["iat"] == 900
    assert {"iss", "aud", "sid", "role"} <= claims.keys()


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another-api"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"typ": "refresh"},
        {"typ": None},
        {"exp": 1},
        {"exp": "tomorrow"},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"sid": None},
        {"role": "root"},
    ],
    ids=str,
)
def test_access_token_with_a_wrong_claim_is_refused(device: Device, change: dict[str, Any]) -> None:
    device.register()
    changed = {name: value for name, value in {**claims_of(device), **change}.items() if value is not None}

    device.access_token = jwt.encode(changed, KEY, algorithm="HS256")

    assert (device.me().status, device.me().code) == (401, "not_signed_in")


def test_access_token_signed_alike_is_accepted(device: Device) -> None:
    """Control of the test above: the unchanged claims are accepted under the same key."""
    device.register()

    device.access_token = jwt.encode(claims_of(device), KEY, algorithm="HS256")

    assert device.me().status == 200


@pytest.mark.filterwarnings("ignore:The HMAC key is 32 bytes long")
@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
def test_access_token_of_another_algorithm_is_refused(device: Device, algorithm: str) -> None:
    device.register()

    key = "" if algorithm == "none" else KEY
    device.access_token = jwt.encode(claims_of(device), key, algorithm=algorithm)

    assert device.me().code == "not_signed_in"


@pytest.mark.parametrize("key", [derive_keys(["another secret of the same length"])[0], SECRET.encode() * 2])
def test_access_token_of_a_foreign_key_is_refused(device: Device, key: bytes) -> None:
    device.register()

    device.access_token = jwt.encode(claims_of(device), key, algorithm="HS256")

    assert device.me().code == "not_signed_in"


def test_other_tokens_are_no_access_tokens(device: Device, db: Db, services: wiring.Services) -> None:
    device.register()
    link = SignedLinks((SECRET,), "http://127.0.0.1:8000", "booking.manage", "bookings").url("0" * 32)

    for other in (device.cookie, mailed_token(db, "account_verification"), link.partition("#token=")[2], ""):
        device.access_token = other or "x"
        assert device.me().code == "not_signed_in"


def test_access_token_is_no_link_token(api: Api, device: Device) -> None:
    device.register()
    booking = api.book(api.slots()[0]).json["booking"]

    response = device.send("GET", f"/api/bookings/{booking['id']}")

    assert (response.status, response.code) == (404, "booking_not_found")


def test_expired_access_token_is_refused(make_app: Callable[..., Flask]) -> None:
    clock = Clock(datetime.now(UTC))
    device = Device(make_app(clock=clock, ACCESS_TOKEN_SECONDS="60").test_client())
    device.register()

    clock.pass_by(seconds=59)
    assert device.me().status == 200
    clock.pass_by(seconds=2)
    assert device.me().code == "not_signed_in"


def test_first_secret_signs_and_every_secret_verifies(make_app: Callable[..., Flask], db: Db) -> None:
    old = Device(make_app(MONGODB_DATABASE=db.name).test_client())
    old.register()

    rotated = Device(make_app(MONGODB_DATABASE=db.name, SECRET_KEY=f"the next secret of all,{SECRET}").test_client())
    rotated.access_token = old.access_token
    rotated.set_cookie(old.cookie)

    assert rotated.me().status == 200
    assert rotated.refresh().status == 200
    old.access_token = rotated.access_token
    assert old.me().code == "not_signed_in"


@pytest.mark.parametrize(("method", "path"), PEOPLE_ONLY)
@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x.y.z", "Basic YTpi", "Bearer " + "a" * 2000])
def test_view_for_people_without_a_valid_token_is_refused(
    device: Device, method: str, path: str, authorization: str
) -> None:
    headers = {"Authorization": authorization} if authorization else {}

    response = device.send(method, path, headers=headers, json={"name": "Ada", "password": "x"})

    assert (response.status, response.code) == (401, "not_signed_in")


def test_verifying_an_access_token_reads_no_database(device: Device, services: wiring.Services) -> None:
    device.register()
    tokens = services.accounts.access_tokens

    assert tokens.verify(device.access_token).account_id == claims_of(device)["sub"]
    assert not any(hasattr(tokens, name) for name in ("store", "db", "client", "accounts"))


def test_remembered_signatures_are_bounded(
    device: Device, services: wiring.Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.access_tokens.MAX_VERIFIED", 2)
    device.register()
    tokens = services.accounts.access_tokens

    for number in range(5):
        other = jwt.encode({**claims_of(device), "sid": str(number)}, KEY, algorithm="HS256")
        assert [tokens.verify(other).session_id for _ in range(2)] == [str(number)] * 2

    assert len(tokens._verified) <= 2


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [("", (200, "nobody")), ("Bearer x.y.z", (401, "")), ("Basic YTpi", (401, "")), ("valid", (200, "ada"))],
)
def test_optional_guard_accepts_no_token_and_refuses_an_invalid_one(
    app: Flask, authorization: str, expected: tuple[int, str]
) -> None:
    @optional
    def view() -> str:
        return "ada" if current_identity() else "nobody"

    app.add_url_rule("/optional", view_func=view)
    device = Device(app.test_client())
    device.register()
    headers = {"Authorization": authorization} if authorization else {}
    if authorization == "valid":
        headers = {"Authorization": f"Bearer {device.access_token}"}

    answer = device.send("GET", "/optional", headers=headers, authorized=False)

    assert (answer.status, answer.body.decode() if answer.status == 200 else "") == expected
