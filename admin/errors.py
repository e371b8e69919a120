"""Errors of the back office."""

from __future__ import annotations

from core.errors import Unauthenticated


class InvalidAdminKey(Unauthenticated):
    """A valid X-Admin-Key is required, or the access token of an administrator."""
