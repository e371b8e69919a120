"""Compression of text by gzip, for static files and for pages without anything secret.

An answer to a cookie other than the language's may hold personal data beside a part of the address, and the
lengths of compressed answers would reveal them (BREACH). Such answers, and those to forms, are not compressed.
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Response, request

from pages.locale import COOKIE as LANGUAGE_COOKIE
from pages.site import blueprint

MIN_BYTES = 1_024
LEVEL = 6
TEXT_TYPES = frozenset(
    {"text/html", "text/css", "text/javascript", "image/svg+xml", "application/manifest+json", "text/plain"}
)


@blueprint.after_request
def compress(response: Response) -> Response:
    """Compress a complete answer of text if the browser accepts it."""
    if response.mimetype not in TEXT_TYPES or response.status_code != 200:
        return response
    response.vary.add("Accept-Encoding")
    if not _is_accepted() or not _is_public():
        return response
    response.direct_passthrough = False
    content = response.get_data()
    if len(content) < MIN_BYTES:
        return response
    response.set_data(_compressed(content))
    response.content_encoding = "gzip"
    etag, _ = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)
    return response


def _is_accepted() -> bool:
    return request.method == "GET" and request.accept_encodings.quality("gzip") > 0


def _is_public() -> bool:
    """Return whether the request has no cookie of a link or an account; static files are public in any case."""
    is_static = (request.endpoint or "").endswith(".static")
    return is_static or not set(request.cookies) - {LANGUAGE_COOKIE}


@lru_cache(maxsize=128)
def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, LEVEL, mtime=0)
