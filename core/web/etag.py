"""Conditional JSON responses: concurrent requests share one read, and an unchanged body is answered with 304."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Response, request
from werkzeug.http import generate_etag

from core.concurrency.single_flight import single_flight_read


@dataclass(frozen=True)
class CachedJson:
    """A JSON body and its ETag."""

    body: bytes
    etag: str


def shared_json(read: Callable[[str], Any]) -> Callable[[str], CachedJson]:
    """Return `read` with its result as JSON; concurrent calls with the same key share one read."""

    def render(key: str) -> CachedJson:
        body = orjson.dumps(read(key))
        return CachedJson(body, generate_etag(body))

    return single_flight_read(render)


def conditional_response(page: CachedJson) -> Response:
    """Return `page`, or 304 if the client has it; caches must revalidate it."""
    response = Response(page.body, mimetype="application/json")
    response.set_etag(page.etag)
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request.environ)
    return response
