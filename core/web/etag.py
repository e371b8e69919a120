"""Answers that many people read at once: made once for all who wait, with an ETag, 304 for those who have them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Response, request

from core.concurrency.single_flight import shared


@dataclass(frozen=True)
class Rendered:
    """A JSON body with the ETag that follows from it."""

    body: bytes
    etag: str


def shared_json(read: Callable[[str], Any]) -> Callable[[str], Rendered]:
    """Return `read` as a maker of JSON bodies; those who ask for one key at one time share one read."""

    def render(key: str) -> Rendered:
        body = orjson.dumps(read(key))
        return Rendered(body, f'"{hashlib.sha256(body).hexdigest()[:24]}"')

    return shared(render)


def respond(page: Rendered) -> Response:
    """Return `page`, or 304 when the client has it; it may be kept, but is always asked for again."""
    known = request.if_none_match.contains_weak(page.etag.strip('"'))
    response = Response(status=304) if known else Response(page.body, mimetype="application/json")
    response.headers["ETag"] = page.etag
    response.headers["Cache-Control"] = "no-cache"
    return response
