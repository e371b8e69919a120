"""Answers that many people read at once: made once for all who wait, with an ETag, 304 for those who have them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Response, request

from core.concurrency.single_flight import single_flight_read


@dataclass(frozen=True)
class CachedJson:
    """A JSON body with the ETag that follows from it."""

    body: bytes
    etag: str


def shared_json(read: Callable[[str], Any]) -> Callable[[str], CachedJson]:
    """Return `read` as a maker of JSON bodies; those who ask for one key at one time share one read."""

    def render(key: str) -> CachedJson:
        body = orjson.dumps(read(key))
        return CachedJson(body, f'"{hashlib.sha256(body).hexdigest()[:24]}"')

    return single_flight_read(render)


def conditional_response(page: CachedJson) -> Response:
    """Return `page`, or 304 when the client has it; it may be kept, but is always asked for again."""
    known = request.if_none_match.contains_weak(page.etag.strip('"'))
    response = Response(status=304) if known else Response(page.body, mimetype="application/json")
    response.headers["ETag"] = page.etag
    response.headers["Cache-Control"] = "no-cache"
    return response
