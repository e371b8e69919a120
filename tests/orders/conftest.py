"""Fixtures of ticket claims: people with access tokens over the application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import wiring
from tests.api_client import Api
from tests.members import Member, members

MakeMembers = Callable[..., list[Member]]


@pytest.fixture
def make_members(services: wiring.Services, api: Api) -> MakeMembers:
    """Make signed-in people of the application."""

    def make(count: int, **changes: Any) -> list[Member]:
        return members(services.db, services.settings, api.send, count, **changes)

    return make


@pytest.fixture
def ada(make_members: MakeMembers) -> Member:
    return make_members(1, name="Ada")[0]


@pytest.fixture
def bob(make_members: MakeMembers) -> Member:
    return make_members(1, name="Bob")[0]
