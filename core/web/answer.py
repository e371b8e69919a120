"""Answers as values: status, body and headers, for Flask's responses and for the WSGI server alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Response

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. A mapping as its body is encoded as JSON; without a media type there is no body."""

    status: int
    body: bytes | Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON

    @property
    def encoded_body(self) -> bytes:
        """The body as bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return orjson.dumps(self.body)

    def to_response(self) -> Response:
        """Return the answer as Flask's response."""
        response = Response(self.encoded_body, self.status, mimetype=self.media_type or None)
        if not self.media_type:
            del response.headers["Content-Type"]
        response.headers.extend(self.headers)
        return response
