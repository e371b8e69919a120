"""Link parser: reads id and token of a signed link by their alphabets, whatever a mail program added or encoded.

Mail programs encode the fragment into the path, scanners wrap the link in an address of theirs, and people paste
brackets and full stops with it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote

# `core.ids.new_id` makes ids of 32 hex digits; `core.signed_tokens` signs with 20 bytes, 27 characters of Base64.
SUBJECT_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", re.IGNORECASE)
TOKEN = re.compile(r"[A-Za-z0-9_-]{27}")
MARKER = re.compile(r"token[\"'\s]*(?:=3D|=|:)*[\"'\s]*", re.IGNORECASE)
# Line breaks, blanks, and characters of the Unicode categories Cc, Cf and Zs that copying adds within a link.
INVISIBLE = re.compile(r"[\s\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0f\ufeff]+")
SOFT_BREAK = re.compile(r"=\r?\n")
# Proofpoint's first format writes % as - and / as _.
PROOFPOINT = re.compile(r"-(?=[0-9A-F]{2})")
MAX_LENGTH = 4_000
# A link may be encoded once by each program that it passed.
MAX_DECODINGS = 4
# Each combination costs one verification.
MAX_COMBINATIONS = 40
Verify = Callable[[str, str], bool]


@dataclass(frozen=True)
class Link:
    """The id and the verified token of a link."""

    subject_id: str
    token: str


def parse_link(texts: list[str], default_id: str, verify: Verify) -> Link | None:
    """Return the first combination of an id and a token in `texts` that `verify` accepts; None if there is none."""
    tokens: dict[str, None] = {}
    ids: dict[str, None] = {}
    for text in texts:
        for variant in variants(text):
            tokens.update(dict.fromkeys(_tokens(variant)))
            ids.update(dict.fromkeys(_ids(variant)))
    ids[default_id] = None
    combinations = (Link(subject_id, token) for token in tokens for subject_id in ids)
    for link in islice(combinations, MAX_COMBINATIONS):
        if verify(link.subject_id, link.token):
            return link
    return None


def parse_id(text: str) -> str | None:
    """Return the first id in `text`."""
    for variant in variants(text):
        for subject_id in _ids(variant):
            return subject_id
    return None


def is_changed_id(text: str) -> bool:
    """Return whether `text` contains an id and something else."""
    return parse_id(text) not in (None, text)


def is_link_remainder(text: str) -> bool:
    """Return whether `text`, which follows an id in a path, is a token or punctuation, not the name of a page."""
    return "token" in text.lower() or not re.search(r"\w", text)


def variants(text: str) -> Iterator[str]:
    """Yield `text` and its decodings."""
    text = SOFT_BREAK.sub("", text[:MAX_LENGTH])
    if "urldefense" in text:
        yield unquote(PROOFPOINT.sub("%", text).replace("_", "/"))
    for _ in range(MAX_DECODINGS):
        yield text
        decoded = html.unescape(unquote(text))
        if decoded == text:
            return
        text = decoded


def _tokens(text: str) -> Iterator[str]:
    """Yield what may be a token: what follows the word "token", then any text of its length."""
    compact = INVISIBLE.sub("", text)
    for marker in MARKER.finditer(compact):
        token = TOKEN.match(compact, marker.end())
        if token:
            yield token[0]
    for source in (text, compact):
        for token in TOKEN.finditer(source):
            yield token[0]


def _ids(text: str) -> Iterator[str]:
    for found in SUBJECT_ID.finditer(INVISIBLE.sub("", text)):
        yield found[0].lower()
