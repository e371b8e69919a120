"""Detection of web addresses in names, so that a name cannot advertise a page in an e-mail's greeting."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES

from core import text

# What mail programs and readers take for an address without any domain: schemes, www, links in markup, spelled dots.
MARKUP = re.compile(
    r"://|\b(?:https?|hxxps?|ftps?|file|mailto|javascript|data)\s*:|\bwww\d?\s*\.|\]\s*\(|<\s*a\b|\]\s*:\s*\S+\."
    r"|[\[({]\s*(?:\.|dot|punkt|d0t)\s*[\])}]|\w\s+(?:dot|punkt)\s+(?:com|net|org|info|biz|io|de)\b"
    r"|\w\s*[.\u00b7\u2219\u22c5]\s*(?:com|net|org|info|biz)\b(?<!\bb\.com)(?<!\bm\.com)(?<!\bb\. com)(?<!\bm\. com)"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b"
)
# Labels with a dot between them, and no blank after it.
CHAIN = re.compile(r"[\w-]+(?:\.[\w-]+)+(?P<path>[/?#:@]?)")
# Dots of other scripts, which browsers read as dots of a domain, and look-alikes.
DOTS = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61\u2024\ufe52\u06d4\u0701", "."))
WORDS_FILE = Path(__file__).with_suffix(".toml")
# Top-level domains of areas that have no telephone numbers of their own.
MORE_COUNTRY_TLDS = {"eu", "su", "tp", "uk"}
INITIAL_LENGTH = 1
SHORT_LENGTH = 2
# An ASCII text without a match has no address; a quick test before `has_web_address`.
SUSPICIOUS = re.compile(r"[.:\[<]|dot|punkt", re.IGNORECASE)


@dataclass(frozen=True)
class _Words:
    tlds: frozenset[str]
    abbreviations: frozenset[str]
    short_hosts: frozenset[str]


def has_web_address(name: str) -> bool:
    """Return whether a mail program or a reader would take a part of `name` for a web or e-mail address."""
    shown = unicodedata.normalize("NFKC", text.strip_invisible(name.translate(DOTS))).translate(DOTS)
    if MARKUP.search(shown.casefold()):
        return True
    return any(_is_address(found) for found in CHAIN.finditer(shown))


def _is_address(found: re.Match[str]) -> bool:
    chain = found[0].removesuffix(found["path"])
    *labels, last = chain.split(".")
    if last.casefold() not in _words().tlds and not last.startswith("xn--"):
        return False
    if found["path"] or chain.casefold() in _words().short_hosts:
        return True
    return any(_is_domain_label(label, last) for label in labels)


def _is_domain_label(label: str, last: str) -> bool:
    """Return whether `label` before the top-level domain `last` is none of a name: no initial, no short form."""
    word = label.strip("-").casefold()
    if word in _words().abbreviations or len(word) <= INITIAL_LENGTH:
        return False
    if any(c.isdigit() for c in word):
        return True
    # Two letters may be an initial such as Yu, before a family name such as Li.
    return len(word) > SHORT_LENGTH or not last[0].isupper()


@cache
def _words() -> _Words:
    words = tomllib.loads(WORDS_FILE.read_text(encoding="utf-8"))
    countries = {code.lower() for code in phonenumbers.SUPPORTED_REGIONS}
    reserved = {name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES}
    return _Words(
        tlds=frozenset(words["generic_tlds"].split()) | countries | reserved | MORE_COUNTRY_TLDS,
        abbreviations=frozenset(words["abbreviations"].split()),
        short_hosts=frozenset(words["short_hosts"].split()),
    )
