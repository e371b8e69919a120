"""Conditional JSON responses: concurrent requests share one read, and an unchanged body is answered with 304."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from werkzeug.http import generate_etag, parse_etags, quote_etag

from core.concurrency.single_flight import batched_read, single_flight_read
from core.web import context
from core.web.answer import Answer

K = TypeVar("K")


@dataclass(frozen=True)
class CachedJson:
    """A JSON body and its ETag."""

    body: bytes
    etag: str


def shared_json(read: Callable[[K], Any]) -> Callable[[K], CachedJson]:
    """Return `read` with its result as JSON; concurrent calls with the same key share one read."""
    return single_flight_read(lambda key: _render(read(key)))


def batched_json(read_many: Callable[[Collection[K]], Mapping[K, Any]]) -> Callable[[K], CachedJson | None]:
    """Return a read of one key as JSON; the keys of concurrent calls are read together. None if it is not found."""
    return batched_read(lambda keys: {key: _render(value) for key, value in read_many(keys).items()})


def conditional_answer(page: CachedJson) -> Answer:
    """Return `page`, or 304 if the client has it; caches must revalidate it."""
    headers = {"ETag": quote_etag(page.etag), "Cache-Control": "no-cache"}
    known = context.current_environ().get("HTTP_IF_NONE_MATCH")
    if known and parse_etags(known).contains_weak(page.etag):
        return Answer(304, b"", headers, media_type="")
    return Answer(200, page.body, headers)


def _render(value: Any) -> CachedJson:
    body = orjson.dumps(value)
    return CachedJson(body, generate_etag(body))
