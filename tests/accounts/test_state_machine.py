"""Any sequence of sign-ins, refreshes, resets and disabled accounts on two devices, against a model of the sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

import wiring
from accounts.limits import SignInLimits
from accounts.model import AccountChange
from accounts.session_store import SessionStore
from core.web.context import runtime_of
from tests.accounts.conftest import Device, mailed_token

EMAIL = "ada@example.org"
PASSWORDS = ("correct horse 7", "another horse 8")
Which = st.integers(0, 1)


@dataclass
class Held:
    """What the model knows of a device: the valid refresh token, and the ones before it."""

    valid: str = ""
    used: tuple[str, ...] = ()


def session_of(held: Held) -> str:
    return held.valid.partition(".")[0]


class People(RuleBasedStateMachine):
    """Registers, signs in, refreshes, uses old tokens, signs out, resets, disables, enables and ends other sessions."""

    app: Flask

    def __init__(self) -> None:
        super().__init__()
        services = runtime_of(type(self).app).get(wiring.Services)
        self.db = services.db
        self.administer = services.accounts.administer
        for name in ("accounts", "sessions", "account_tokens", "letters", "audit", "password_reset_requests"):
            self.db[name].delete_many({})
        self.devices = [Device(type(self).app.test_client()) for _ in range(2)]
        self.held = [Held(), Held()]
        # The ids of all stored sessions; a device that signs in again leaves its earlier one behind.
        self.alive: set[str] = set()
        self.password = ""
        self.disabled = False

    @property
    def registered(self) -> bool:
        return bool(self.password)

    def signed_in(self, which: int) -> None:
        self.held[which] = Held(self.devices[which].cookie)
        self.alive.add(session_of(self.held[which]))

    def end(self, which: int) -> None:
        self.alive.discard(session_of(self.held[which]))
        self.held[which] = Held()

    def end_all(self) -> None:
        self.alive.clear()
        self.held = [Held(), Held()]

    def account_id(self) -> str:
        row = self.db.accounts.find_one({})
        assert row is not None
        return str(row["_id"])

    @rule(which=Which, password=Which)
    def register(self, which: int, password: int) -> None:
        answer = self.devices[which].register(EMAIL, PASSWORDS[password])
        assert answer.status == (409 if self.registered else 201)
        if answer.status == 201:
            self.password = PASSWORDS[password]
            self.signed_in(which)

    @rule(which=Which, password=Which)
    def sign_in(self, which: int, password: int) -> None:
        answer = self.devices[which].login(EMAIL, PASSWORDS[password])
        allowed = PASSWORDS[password] == self.password and not self.disabled
        assert answer.status == (200 if allowed else 401)
        if allowed:
            self.signed_in(which)

    @rule(which=Which)
    def refresh(self, which: int) -> None:
        held, device = self.held[which], self.devices[which]
        before = device.cookie
        answer = device.refresh()
        assert answer.status == (200 if held.valid and before == held.valid else 401)
        if answer.status == 200:
            self.held[which] = Held(device.cookie, (*held.used, before))

    @precondition(lambda self: any(held.used for held in self.held))
    @rule(which=Which, number=st.integers(0, 5))
    def use_an_old_token(self, which: int, number: int) -> None:
        held = self.held[which]
        if held.used:
            thief = Device(type(self).app.test_client())
            thief.set_cookie(held.used[number % len(held.used)])
            assert thief.refresh().code == "session_ended"
            self.end(which)

    @rule(which=Which)
    def sign_out(self, which: int) -> None:
        device = self.devices[which]
        assert device.send("POST", "/api/auth/logout", authorized=False).status == 204
        self.end(which)

    @precondition(lambda self: self.registered and not self.disabled)
    @rule(password=Which)
    def reset(self, password: int) -> None:
        device = Device(type(self).app.test_client())
        services = runtime_of(type(self).app).get(wiring.Services)
        device.send("POST", "/api/auth/forgot-password", json={"email": EMAIL})
        services.accounts.send_password_resets.execute()
        body = {"token": mailed_token(self.db, "account_password_reset"), "password": PASSWORDS[password]}
        assert device.send("POST", "/api/auth/reset-password", json=body).status == 204
        self.password = PASSWORDS[password]
        self.end_all()

    @precondition(lambda self: self.registered)
    @rule(disabled=st.booleans())
    def disable(self, disabled: bool) -> None:
        self.administer.execute("operator", self.account_id(), AccountChange(disabled=disabled))
        self.disabled = disabled
        if disabled:
            self.end_all()

    @rule(which=Which)
    def end_others(self, which: int) -> None:
        kept = self.held[which]
        if kept.valid:
            assert self.devices[which].send("DELETE", "/api/auth/sessions").status == 204
            self.end_all()
            self.held[which] = kept
            self.alive = {session_of(kept)}

    @invariant()
    def stored_sessions_are_those_of_the_model(self) -> None:
        assert self.alive == {row["_id"] for row in self.db.sessions.find()}


def run_machine(app: Flask, examples: int) -> None:
    machine: Any = type("Machine", (People,), {"app": app})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def unlimited_app(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An application that counts neither wrong passwords nor links."""
    for name in ("reserve_password_attempt", "hit_email"):
        monkeypatch.setattr(SignInLimits, name, lambda *_: None)
    monkeypatch.setattr(SignInLimits, "admits_reset", lambda *_: True)
    monkeypatch.setattr("accounts.password_reset.RequestPasswordReset._send", lambda _: None)
    return make_app()


def test_sessions_on_two_devices_follow_the_model(unlimited_app: Flask) -> None:
    run_machine(unlimited_app, 25)


@pytest.mark.parametrize("broken", ["find_reused", "delete_all"])
def test_control_machine_notices_a_missing_end_of_sessions(
    unlimited_app: Flask, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(SessionStore, broken, lambda *_, **__: None)

    with pytest.raises(AssertionError):
        run_machine(unlimited_app, 60)
