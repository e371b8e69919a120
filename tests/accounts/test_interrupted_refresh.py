"""Refreshes whose outcome is unknown: the repeated request continues the session."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from pymongo.errors import AutoReconnect

from accounts.model import Account, AccountSession
from accounts.refresh_tokens import RefreshToken
from accounts.session_store import Rotation, SessionStore
from accounts.session_tokens import SessionToken
from accounts.store import AccountStore
from core.mongo.client import Db
from tests.accounts.conftest import Device

SESSION_ID = "0" * 32
# Far more than a person repeats.
MANY = 20


def time_is_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a rotation that fails be the last one that its request tries."""
    monkeypatch.setattr("accounts.refresh.monotonic", itertools.count(step=100).__next__)


@pytest.fixture
def lost_replies(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """While the list is not empty, every rotation is stored and its reply is lost."""
    time_is_up_at_once(monkeypatch)
    rotate = SessionStore.rotate
    losing: list[bool] = []

    def rotate_without_reply(store: SessionStore, rotation: Rotation) -> AccountSession | None:
        session = rotate(store, rotation)
        if losing:
            raise AutoReconnect("connection closed")
        return session

    monkeypatch.setattr(SessionStore, "rotate", rotate_without_reply)
    return losing


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """While the list is not empty, no rotation reaches the database."""
    time_is_up_at_once(monkeypatch)
    rotate = SessionStore.rotate
    cut: list[bool] = []

    def rotate_if_reachable(store: SessionStore, rotation: Rotation) -> AccountSession | None:
        if cut:
            raise AutoReconnect("connection refused")
        return rotate(store, rotation)

    monkeypatch.setattr(SessionStore, "rotate", rotate_if_reachable)
    return cut


def new_secret_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a repeated rotation make another new token than the interrupted one."""
    monkeypatch.setattr(RefreshToken, "successor", lambda token: SessionToken.new(token.session_id))


def test_interrupted_refresh_is_repeated_with_its_own_cookie(device: Device, lost_replies: list[bool]) -> None:
    device.register()
    lost_replies.append(True)

    answers = [device.refresh() for _ in range(3)]

    assert {(answer.status, answer.code) for answer in answers} == {(503, "outcome_unknown")}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    lost_replies.clear()
    assert device.refresh().status == 200
    assert (device.cookie.count("."), device.interrupted_cookie) == (1, "")
    assert device.refresh().status == 200


def test_session_survives_any_number_of_interrupted_refreshes(device: Device, lost_replies: list[bool]) -> None:
    device.register()
    lost_replies.append(True)
    for _ in range(MANY):
        device.refresh()
    lost_replies.clear()

    assert [device.refresh().status for _ in range(2)] == [200, 200]


def test_control_another_secret_for_each_repetition_loses_the_session(
    device: Device, lost_replies: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    new_secret_each_time(monkeypatch)
    device.register()
    lost_replies.append(True)
    for _ in range(2):
        device.refresh()
    lost_replies.clear()

    assert device.refresh().code == "session_ended"


@pytest.mark.parametrize("answered", ["refreshed", "signed in"])
def test_late_503_leaves_the_cookie_that_another_tab_got(
    device: Device, other_device: Device, unreachable: list[bool], answered: str
) -> None:
    device.register()
    other_device.set_cookie(device.cookie)
    unreachable.append(True)
    other_device.refresh()
    unreachable.clear()
    (device.refresh if answered == "refreshed" else device.login)()
    newer = device.cookie

    device.set_interrupted_cookie(other_device.interrupted_cookie)

    assert device.cookie == newer
    assert [device.refresh().status for _ in range(2)] == [200, 200]
    assert device.interrupted_cookie == ""


def test_control_interrupted_token_that_always_counts_ends_the_session(
    device: Device, other_device: Device, unreachable: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RefreshToken, "continued", lambda _, interrupted: interrupted)
    device.register()
    other_device.set_cookie(device.cookie)
    unreachable.append(True)
    other_device.refresh()
    unreachable.clear()
    device.refresh()

    device.set_interrupted_cookie(other_device.interrupted_cookie)

    assert device.refresh().code == "session_ended"


def test_thief_with_the_valid_token_cannot_refresh_without_rotating(
    device: Device, other_device: Device, db: Db
) -> None:
    """It would get access tokens for ever without the reuse by which the theft is noticed."""
    device.register()
    session_id, _, valid = device.cookie.partition(".")
    other_device.set_cookie(f"{session_id}.{'A' * 43}.{valid}")

    assert other_device.refresh().code == "session_ended"

    assert db["sessions"].count_documents({"usedDigests": []}) == 1
    assert device.refresh().status == 200


def test_control_refresh_that_forgets_the_interrupted_one_ends_the_session(
    device: Device, lost_replies: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RefreshToken, "interrupted", lambda token, _: token)
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


@pytest.mark.parametrize(("secret", "statuses"), [("old", [401, 401]), ("next", [200, 401])])
def test_secret_of_an_interrupted_refresh_is_used_once(
    device: Device, other_device: Device, lost_replies: list[bool], secret: str, statuses: list[int]
) -> None:
    device.register()
    old = device.cookie
    lost_replies.append(True)
    device.refresh()
    lost_replies.clear()
    device.refresh()
    other_device.set_cookie({"old": old, "next": device.cookie}[secret])

    assert [other_device.refresh().status, device.refresh().status] == statuses


def test_secret_that_was_never_stored_displaces_no_used_one(device: Device, db: Db) -> None:
    """A thief with the valid token cannot empty the list of used ones faster than by refreshing."""
    device.register()
    device.set_cookie(f"{device.cookie}.{'A' * 43}")

    assert [device.refresh().status for _ in range(2)] == [200, 200]

    (session,) = db["sessions"].find()
    assert len(session["usedDigests"]) == 2


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


def test_sign_out_deletes_both_cookies(device: Device, lost_replies: list[bool]) -> None:
    device.register()
    lost_replies.append(True)
    device.refresh()

    device.send("POST", "/api/auth/logout", authorized=False)

    assert (device.cookie, device.interrupted_cookie) == ("", "")


def test_refresh_token_is_read_as_it_was_written() -> None:
    token = RefreshToken(SESSION_ID, "A" * 43)
    interrupted = token.interrupted(SessionToken.new(SESSION_ID))

    for each in (token, interrupted):
        assert RefreshToken.parse(str(each)) == each
    assert token.continued(interrupted) == interrupted
    assert token.continued(replace(interrupted, session_id="1" * 32)) == token


@pytest.mark.parametrize("count", [0, 3])
def test_refresh_token_with_another_number_of_secrets_is_none(count: int) -> None:
    assert RefreshToken.parse(".".join([SESSION_ID, *["A" * 43] * count])) is None
