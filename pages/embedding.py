"""Embedding: the pages below /embed, which other sites show in frames, and the language that their address names.

Embedded pages read and set no cookie: browsers block those of a frame, and the site around it must gain nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request, url_for

from core.i18n import LANGUAGES

BLUEPRINT = "pages.embed"


def is_embedded() -> bool:
    """Return whether the request is for an embedded page."""
    return request.blueprint == BLUEPRINT


def embedded_language() -> str:
    """Return the code of the language in the address of an embedded page, such as de of de-AT, or nothing."""
    if not is_embedded():
        return ""
    code = request.args.get("lang", "").lower().replace("_", "-").partition("-")[0]
    if code not in LANGUAGES:
        return ""
    return code


def language_argument() -> Mapping[str, Any]:
    """Return the argument that keeps the language in the address of the next embedded page."""
    code = embedded_language()
    if code:
        return {"lang": code}
    return {}


def home_path(**values: Any) -> str:
    """Return the path of the booking page, inside a frame that of the embedded one."""
    if is_embedded():
        return url_for("pages.embed.home", **{**language_argument(), **values})
    return url_for("pages.booking.home", **values)
