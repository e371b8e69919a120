"""Files with codes that admit a person: downloads that no cache stores."""

from __future__ import annotations

from flask import Response

# Pages with such codes have it too.
PRIVATE = {"Cache-Control": "private, no-store"}


def download(content: bytes, media_type: str, name: str) -> Response:
    """Return a file to be saved under `name`."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **PRIVATE}
    return Response(content, content_type=media_type, headers=headers)
