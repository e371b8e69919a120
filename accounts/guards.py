"""Guards of views: decorators that require a signed-in account, accept one, or require a role."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import g, request

from accounts.access_tokens import AccessTokens
from accounts.errors import NotSignedIn, OriginRefused, RoleMissing
from accounts.model import Account, Identity, Role
from accounts.service import Accounts
from core.web import context

V = TypeVar("V", bound=Callable[..., Any])
BEARER = "bearer"


def signed_in(view: V) -> V:
    """Require a valid access token; the view finds its holder by `current_identity`. Reads no database."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        g.identity = require_identity()
        return view(*args, **kwargs)

    return cast("V", guarded)


def active_session(view: V) -> V:
    """Require an access token whose session has not ended and whose account is enabled, both in the database now.

    For views that list or change what a person has: a token lives on for some minutes after its session.
    """

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        require_role(*Role)
        return view(*args, **kwargs)

    return cast("V", guarded)


def optional(view: V) -> V:
    """Accept a request with or without an access token; an invalid one is refused."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        g.identity = require_identity() if "Authorization" in request.headers else None
        return view(*args, **kwargs)

    return cast("V", guarded)


def optional_account_id() -> str:
    """Return the account id of the request's access token, or an empty text without one; an invalid one is refused.

    It needs nothing of Flask.
    """
    token = _bearer_token()
    if token is None:
        return ""
    return context.get_service(AccessTokens).verify(token).account_id


def require_identity() -> Identity:
    """Return the identity of the request's access token; raises NotSignedIn. It needs nothing of Flask."""
    token = _bearer_token()
    if token is None:
        raise NotSignedIn
    return context.get_service(AccessTokens).verify(token)


def require_role(*roles: Role) -> Identity:
    """Return the identity of the request if its account has one of `roles` in the database now.

    Raises NotSignedIn, also for a disabled account or an ended session, and RoleMissing.
    """
    identity = require_identity()
    account = context.get_service(Accounts).active(identity)
    if account.role not in roles:
        raise RoleMissing
    g.identity = identity
    g.account = account
    return identity


def current_identity() -> Identity:
    """Return the identity that `signed_in` has found."""
    return cast("Identity", g.identity)


def current_account() -> Account:
    """Return the account that `active_session` or `require_role` has read."""
    return cast("Account", g.account)


def has_bearer_token() -> bool:
    """Return whether the request has an Authorization header with a bearer token."""
    return _bearer_token() is not None


def is_access_token(token: str) -> bool:
    """Return whether `token` has the form of an access token; the token of a link has no dot."""
    return token.count(".") == 2


def require_own_origin(allowed: frozenset[str]) -> None:
    """Raise OriginRefused if a browser sends the request from a page of another origin; no Origin is accepted."""
    origin = request.headers.get("Origin")
    if origin is not None and _normalized(origin) not in allowed:
        raise OriginRefused


def _bearer_token() -> str | None:
    scheme, _, token = context.current_environ().get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == BEARER else None


def _normalized(origin: str) -> str:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()
