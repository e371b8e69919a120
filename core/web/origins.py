"""Own origins: PUBLIC_URL, and on a loopback address the one that the request names."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from core.config.parsers import is_loopback_host


def is_own_origin(origin: str, public_url: str) -> bool:
    """Return whether `origin` is that of this service.

    The Host of a request is a client's word: a foreign name may resolve to this machine. Loopback names cannot.
    """
    if origin == public_url:
        return True
    return origin == request.host_url.rstrip("/") and is_loopback_host(urlsplit(origin).hostname or "")
