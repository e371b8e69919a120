"""Refreshes whose outcome is unknown: the repeated request continues the session."""

from __future__ import annotations

import pytest
from pymongo.errors import AutoReconnect

from accounts.model import Account, AccountSession
from accounts.refresh_tokens import MAX_SECRETS, RefreshToken
from accounts.session_store import Rotation, SessionStore
from accounts.session_tokens import SessionToken
from accounts.store import AccountStore
from core.mongo.client import Db
from tests.accounts.conftest import Device

SESSION_ID = "0" * 32


@pytest.fixture
def lost_replies(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """While the list is not empty, every rotation is stored and its reply is lost."""
    monkeypatch.setattr("accounts.refresh.ROTATION_TIMEOUT", 0.1)
    rotate = SessionStore.rotate
    losing: list[bool] = []

    def rotate_without_reply(store: SessionStore, rotation: Rotation) -> AccountSession | None:
        session = rotate(store, rotation)
        if losing:
            raise AutoReconnect("connection closed")
        return session

    monkeypatch.setattr(SessionStore, "rotate", rotate_without_reply)
    return losing


def test_interrupted_refresh_is_repeated_with_its_own_cookie(device: Device, lost_replies: list[bool]) -> None:
    device.register()
    lost_replies.append(True)

    answers = [device.refresh() for _ in range(3)]

    assert {(answer.status, answer.code) for answer in answers} == {(503, "outcome_unknown")}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    lost_replies.clear()
    assert device.refresh().status == 200
    assert device.cookie.count(".") == 1
    assert device.refresh().status == 200


def test_control_refresh_that_forgets_the_interrupted_one_ends_the_session(
    device: Device, lost_replies: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RefreshToken, "with_possible", lambda token, _: token)
    device.register()
    lost_replies.append(True)
    device.refresh()
    lost_replies.clear()

    assert device.refresh().code == "session_ended"


def test_refresh_whose_account_cannot_be_read_is_repeated(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    def get(*_: object) -> Account:
        raise AutoReconnect("connection closed")

    device.register()
    with monkeypatch.context() as patched:
        patched.setattr(AccountStore, "get", get)
        assert device.refresh().status == 503

    assert device.refresh().status == 200


@pytest.mark.parametrize("secret", ["old", "unconfirmed"])
def test_secret_of_an_interrupted_refresh_is_used_once(
    device: Device, other_device: Device, lost_replies: list[bool], secret: str
) -> None:
    device.register()
    old = device.cookie
    lost_replies.append(True)
    device.refresh()
    lost_replies.clear()
    session_id, _, unconfirmed = device.cookie.split(".")
    device.refresh()
    other_device.set_cookie({"old": old, "unconfirmed": f"{session_id}.{unconfirmed}"}[secret])

    assert other_device.refresh().code == "session_ended"
    assert device.refresh().code == "session_ended"


def test_secrets_that_were_never_stored_displace_no_used_one(device: Device, db: Db) -> None:
    """A thief with the valid token cannot empty the list of used ones faster than by refreshing."""
    device.register()
    device.set_cookie(".".join([device.cookie, *["A" * 43] * (MAX_SECRETS - 1)]))

    assert device.refresh().status == 200

    (session,) = db["sessions"].find()
    assert len(session["usedDigests"]) == 1


def test_rotation_that_is_repeated_makes_its_new_token_no_used_one(device: Device, lost_replies: list[bool]) -> None:
    device.register()
    lost_replies.append(True)
    device.refresh()
    lost_replies.clear()

    assert [device.refresh().status for _ in range(3)] == [200, 200, 200]


def test_sign_out_after_an_interrupted_refresh_ends_the_session(
    device: Device, lost_replies: list[bool], db: Db
) -> None:
    device.register()
    lost_replies.append(True)
    device.refresh()

    assert device.send("POST", "/api/auth/logout", authorized=False).status == 204

    assert db.sessions.count_documents({}) == 0


def test_refresh_token_has_a_bounded_number_of_secrets() -> None:
    first = SessionToken.new(SESSION_ID)
    token = RefreshToken(SESSION_ID, (first.secret,))
    later = [SessionToken.new(SESSION_ID) for _ in range(MAX_SECRETS + 2)]

    for new in later:
        token = token.with_possible(new)

    assert token.secrets == (first.secret, *[new.secret for new in later[3:]])
    assert RefreshToken.parse(str(token)) == token


@pytest.mark.parametrize("count", [0, MAX_SECRETS + 1])
def test_refresh_token_with_another_number_of_secrets_is_none(count: int) -> None:
    assert RefreshToken.parse(".".join([SESSION_ID, *["A" * 43] * count])) is None
