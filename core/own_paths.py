"""Paths of this service: the only targets of a redirect that a request may name."""

from __future__ import annotations

import re

# A second slash or a backslash would make it the address of another site.
OWN_PATH = re.compile(r"/(?!/)[\x21-\x5b\x5d-\x7e]{0,500}")


def is_own_path(path: str) -> bool:
    """Return whether a browser takes `path` for a path of the site that it is on."""
    return OWN_PATH.fullmatch(path) is not None
