"""Registration, sign-in and sign-out over HTTP."""

from __future__ import annotations

import pytest
import requests
from argon2 import PasswordHasher

from core.mongo.client import Db
from tests.accounts.conftest import PASSWORD, Device
from tests.conftest import Served


def test_registration_signs_in_and_sets_the_cookie(device: Device) -> None:
    response = device.register(email=" Ada@Example.org ", name="  Ada Lovelace ")

    assert response.status == 201
    user = response.json["user"]
    assert {**user, "id": "", "createdAt": ""} == {
        "id": "",
        "email": "ada@example.org",
        "name": "Ada Lovelace",
        "role": "user",
        "emailVerified": False,
        "createdAt": "",
    }
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/api/auth" in cookie
    assert "Secure" not in cookie
    assert device.me().json == {"user": user}


def test_registration_with_a_taken_address_in_any_case_is_refused(device: Device, db: Db) -> None:
    device.register()

    response = device.register(email="ADA@example.org")

    assert (response.status, response.code) == (409, "email_taken")
    assert db.accounts.count_documents({}) == 1
    assert db.letters.count_documents({"template": "account_address_taken"}) == 1


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "A", "validation_failed"),
        ("name", "A" * 81, "validation_failed"),
        ("name", {"$gt": ""}, "validation_failed"),
        ("email", "ada", "validation_failed"),
        ("email", {"$ne": None}, "validation_failed"),
        ("password", "short 7", "validation_failed"),
        ("password", "no digit here", "validation_failed"),
        ("password", "1234567890", "validation_failed"),
        ("password", "a1" * 101, "validation_failed"),
        ("password", "correct\0horse7", "validation_failed"),
        ("password", {"$gt": ""}, "validation_failed"),
        ("password", "password1", "password_too_common"),
        ("password", "PassWord1", "password_too_common"),
        ("role", "admin", "validation_failed"),
    ],
)
def test_registration_with_an_invalid_field_is_refused(
    device: Device, db: Db, field: str, value: object, code: str
) -> None:
    body = {"name": "Ada", "email": "ada@example.org", "password": PASSWORD, field: value}

    response = device.send("POST", "/api/auth/register", json=body)

    assert (response.status, response.code) == (400, code)
    assert field in response.json["errors"]
    assert db.accounts.count_documents({}) == 0


def test_login_with_the_right_password_signs_in(device: Device, other_device: Device) -> None:
    registered = device.register().json

    response = other_device.login(email="ADA@example.org")

    assert response.status == 200
    assert response.json["user"] == registered["user"]
    assert other_device.me().status == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.org", "correct horse 8"),
        ("ada@example.org", PASSWORD + " "),
        ("ada@example.org", "x"),
        ("eve@example.org", PASSWORD),
    ],
)
def test_login_with_wrong_credentials_is_refused_alike(device: Device, email: str, password: str) -> None:
    device.register()

    response = device.login(email, password)

    assert (response.status, response.code) == (401, "invalid_credentials")
    assert "Set-Cookie" not in response.headers


def test_logout_ends_the_session_and_repeats_without_a_cookie(device: Device) -> None:
    device.register()
    token = device.cookie

    assert device.send("POST", "/api/auth/logout").status == 204
    assert device.cookie == ""
    assert device.send("POST", "/api/auth/logout").status == 204
    device.set_cookie(token)
    assert device.refresh().status == 401


def test_account_page_without_a_valid_token_is_refused(device: Device) -> None:
    assert device.me().status == 401
    device.access_token = "x.y.z"  # nosec B105 # no token
    assert device.me().code == "not_signed_in"


def test_emails_are_in_the_language_of_the_registration(device: Device, db: Db) -> None:
    body = {"name": "Ada", "email": "ada@example.org", "password": PASSWORD}

    device.send("POST", "/api/auth/register", json=body, headers={"Accept-Language": "de"})

    row = db.letters.find_one({"template": "account_verification"})
    assert row is not None
    assert row["facts"]["language"] == "de"


def test_hash_with_older_parameters_is_replaced_at_sign_in(device: Device, other_device: Device, db: Db) -> None:
    device.register()
    older = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    db.accounts.update_one({}, {"$set": {"passwordHash": older}})

    assert other_device.login().status == 200

    row = db.accounts.find_one({})
    assert row is not None
    assert row["passwordHash"].startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert other_device.refresh().status == 200
    assert other_device.login().status == 200


def test_log_of_accounts_contains_no_personal_data(served: Served) -> None:
    email, name, wrong = "zerubbabel@quisling.example", "Zerubbabel", "wrong horse 9"
    browser = requests.Session()

    def post(path: str, **body: str) -> requests.Response:
        return browser.post(f"{served.url}/api/auth{path}", json=body, timeout=30)

    access_token = post("/register", name=name, email=email, password=PASSWORD).json()["accessToken"]
    post("/login", email=email, password=wrong)
    refresh_token = browser.cookies["refreshToken"]
    post("/refresh")
    post("/forgot-password", email=email)

    written = served.log.read_text().lower()

    assert "registered" in written
    for secret in ("zerubbabel", "quisling", PASSWORD, wrong, access_token, refresh_token.partition(".")[2]):
        assert secret.lower() not in written
