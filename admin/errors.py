"""What the back office refuses by itself."""

from __future__ import annotations

from core.errors import Unauthenticated


class InvalidAdminKey(Unauthenticated):
    """A valid X-Admin-Key is required."""
