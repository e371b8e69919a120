"""Accounts and their sessions as values, and the rules of names, passwords and expiry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MIN_PASSWORD = 8
MAX_PASSWORD = 200
LETTER = re.compile(r"[^\W\d_]")
DIGIT = re.compile(r"\d")


class Role(StrEnum):
    """The role of an account: `staff` checks tickets in, `admin` opens the whole back office."""

    USER = "user"
    STAFF = "staff"
    ADMIN = "admin"


class Purpose(StrEnum):
    """What a one-time token permits."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 # nosec B105 # the name of a purpose


@dataclass(frozen=True)
class LinkedIdentity:
    """A provider's name for the person: its issuer and the subject there."""

    issuer: str
    subject: str


@dataclass(frozen=True, kw_only=True)
class Account:
    """A person's account. `password_hash` is in PHC format, and empty if the person signs in by a provider only."""

    id: str
    email: str
    name: str
    created_at: datetime
    password_hash: str = field(repr=False)
    role: Role = Role.USER
    email_verified: bool = False
    disabled: bool = False
    language: str = "en"
    identities: Sequence[LinkedIdentity] = ()


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """A valid registration."""

    name: str
    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """An e-mail address and a password to sign in with."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class AccountSession:
    """One signed-in device: a family of refresh tokens of which only the latest is valid."""

    id: str
    account_id: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str


@dataclass(frozen=True)
class AccountChange:
    """What an administrator changes; None leaves a value as it is."""

    role: Role | None = None
    disabled: bool | None = None


@dataclass(frozen=True)
class AccountPage:
    """A page of accounts, and the number of all that match."""

    accounts: Sequence[Account]
    total: int


@dataclass(frozen=True)
class Identity:
    """What a valid access token states about its holder."""

    account_id: str
    session_id: str
    role: Role


@dataclass(frozen=True)
class SignedIn:
    """The result of signing in: the account, its access token and its refresh token."""

    account: Account
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    session_id: str


def is_well_formed(password: str) -> bool:
    """Return whether `password` has 8 to 200 characters, a letter, a digit and no NUL."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD or "\0" in password:
        return False
    return bool(LETTER.search(password) and DIGIT.search(password))
