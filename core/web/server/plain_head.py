"""Plain heads: parses the head of a request that has nothing unusual, and leaves any other to gunicorn's parser."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

# Within these sizes no limit of gunicorn can be exceeded: 4,094 bytes of request line, 100 fields of 8,190 bytes.
MAX_HEAD = 4000
MAX_LINES = 64
MAX_BODY = 65_536
MAX_KEYS = 512
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
VERSION = "HTTP/1.1"
# Underscores are missing: gunicorn decides what they mean.
FIELD_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^`|~-]+")
# Fields that change how the message is framed or what the connection becomes.
UNUSUAL_FIELDS = frozenset(
    {
        "EXPECT",
        "HTTP2-SETTINGS",
        "KEEP-ALIVE",
        "PROXY",
        "PROXY-CONNECTION",
        "TE",
        "TRAILER",
        "TRANSFER-ENCODING",
        "UPGRADE",
    }
)
UNPREFIXED_KEYS = {"CONTENT-TYPE": "CONTENT_TYPE", "CONTENT-LENGTH": "CONTENT_LENGTH"}
PLAIN_CONNECTIONS = frozenset({"keep-alive", "close"})

# The environ keys of field names as clients spell them.
_keys: dict[str, str] = {}


def parse_into(environ: dict[str, Any], head: bytes) -> bool:
    """Put a head, without the blank line that ends it, into `environ`; returns False if it is not plain."""
    if len(head) > MAX_HEAD or not head.isascii():
        return False
    request_line, *fields = head.decode("ascii").split("\r\n")
    # Of ASCII only blanks and visible characters are printable: no CR, LF, TAB or NUL is left.
    if len(fields) > MAX_LINES or not request_line.isprintable() or not "".join(fields).isprintable():
        return False
    if not _parse_request_line(environ, request_line):
        return False
    for field in fields:
        name, colon, value = field.partition(":")
        key = _keys.get(name) or _learn(name)
        if not colon or key is None or key in environ:
            return False
        environ[key] = value.strip(" ")
    return _is_plain(environ)


def content_length(environ: dict[str, Any]) -> int:
    """Return the length of the body of a plain request."""
    return int(environ.get("CONTENT_LENGTH", 0))


def _parse_request_line(environ: dict[str, Any], line: str) -> bool:
    method, _, rest = line.partition(" ")
    target, _, version = rest.partition(" ")
    if method not in METHODS or version != VERSION or not _is_plain_target(target):
        return False
    path, _, query = target.partition("?")
    environ["REQUEST_METHOD"] = method
    environ["RAW_URI"] = target
    environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1") if "%" in path else path
    environ["QUERY_STRING"] = query
    environ["SERVER_PROTOCOL"] = VERSION
    return True


def _is_plain_target(target: str) -> bool:
    return target.startswith("/") and not target.startswith("//") and "#" not in target


def _learn(name: str) -> str | None:
    """Return the key of a field name that was not seen before, None if it is not plain."""
    upper = name.upper()
    if not FIELD_NAME.fullmatch(name) or upper in UNUSUAL_FIELDS:
        return None
    key = UNPREFIXED_KEYS.get(upper) or f"HTTP_{upper.replace('-', '_')}"
    if len(_keys) < MAX_KEYS:
        _keys[name] = key
    return key


def _is_plain(environ: dict[str, Any]) -> bool:
    if "HTTP_HOST" not in environ:
        return False
    if environ.get("HTTP_CONNECTION", "close").lower() not in PLAIN_CONNECTIONS:
        return False
    length = environ.get("CONTENT_LENGTH", "0")
    return bool(length.isdecimal()) and len(length) <= len(str(MAX_BODY)) and int(length) <= MAX_BODY
