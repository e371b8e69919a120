"""Parsers of addresses in settings: databases, web servers, mail servers, mailboxes.

Each function returns the address or raises ValueError with a sentence. The sentence never quotes the value, even if the
stdlib error would include it: an address may contain a password.
"""

from __future__ import annotations

import re
from email.errors import MessageError, NonASCIILocalPartDefect, ObsoleteHeaderDefect
from email.policy import default
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote_plus, urlsplit

MONGODB = ("mongodb://", "mongodb+srv://")
MAX_PORT = 65_535
# As in the source lists of a Content-Security-Policy.
ANY_ORIGIN = "*"
DEFAULT_PORTS = {"http": 80, "https": 443}
# A host, or an IPv6 address in brackets, with an optional port.
HOST = re.compile(r"(?:[^\s,:/?#@%\[\]\\]+|\[[0-9A-Fa-f:.]+(?:%25[^\s\]]+)?\])(?::(?P<port>[0-9]{1,5}))?")
UNENCODED_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def mongodb_uri(value: str) -> str:
    """Parse a MongoDB connection string that the driver can read."""
    if not value.startswith(MONGODB):
        raise ValueError("must begin with mongodb:// or mongodb+srv://.")
    location, _, options = value.partition("://")[2].partition("?")
    servers, _, database = location.partition("/")
    account, at, hosts = servers.rpartition("@")
    encoded = account.partition(":")[0] and account.count(":") <= 1 and "@" not in account
    if at and (not encoded or UNENCODED_PERCENT.search(account)):
        raise ValueError("must have user and password percent-encoded, as in p%40ss for p@ss.")
    if at and not account.partition(":")[2] and "authmechanism=" not in options.lower():
        raise ValueError("must have a password after the user, as in mongodb://user:password@host.")
    if not all(_is_host(host) or host.endswith(".sock") for host in hosts.split(",")):
        raise ValueError(
            "must name each server as host or host:port, with a port from 1 to 65535; user and password before them "
            "must be percent-encoded."
        )
    if value.startswith(MONGODB[1]) and ("," in hosts or ":" in hosts):
        raise ValueError("must name one host without a port after mongodb+srv://.")
    if re.search(r'[/ "$]', unquote_plus(database)):
        raise ValueError("must name no database after the servers, or one without / and spaces.")
    if options and not all(re.fullmatch(r"[^=]+=[^=]*", each) for each in re.split("[&;]", options)):
        raise ValueError("must have its options as name=value, joined by &.")
    return value


def limit_storage(value: str) -> str:
    """Parse the storage of rate limits: the word mongodb, or an address."""
    if value.startswith(MONGODB):
        return mongodb_uri(value)
    if value != "mongodb" and not value.startswith("memory://"):
        raise ValueError('must be "mongodb" (the service\'s own database) or a mongodb:// or memory:// address.')
    return value


def url(value: str) -> str:
    """Parse a web server's address, which may have a path; a final slash is removed."""
    parts = _split(value, ("http", "https"))
    if parts is None or parts.query or parts.fragment:
        raise ValueError("must be an http or https address, such as https://book.example.org.")
    return value.rstrip("/")


def origin(value: str) -> str:
    """Parse an origin into the form of browsers: scheme, lower-case host, and port unless it is the default."""
    parts = urlsplit(url(value))
    if parts.path or "@" in value or "*" in value:
        raise ValueError("must be scheme, host and port alone, such as https://book.example.org.")
    host = f"[{parts.hostname}]" if parts.netloc.startswith("[") else parts.hostname
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def origins(value: str) -> tuple[str, ...]:
    """Parse a comma-separated list of origins."""
    return tuple(origin(item.strip()) for item in value.split(",") if item.strip())


def embed_origins(value: str) -> tuple[str, ...]:
    """Parse the origins that may frame the embedded pages: * for any, none, or a list."""
    if value == ANY_ORIGIN:
        return (ANY_ORIGIN,)
    if value == "none":
        return ()
    if ";" in value or not value.isascii():
        raise ValueError("must be *, none, or origins in ASCII, such as https://www.example.org.")
    return origins(value)


def smtp_url(value: str) -> str:
    """Parse a mail server's address; an empty text stays empty."""
    if value and _split(value, ("smtp", "smtps")) is None:
        raise ValueError("must look like smtp://user:password@host:587 or smtps://host:465.")
    return value


def mailbox(value: str) -> str:
    """Parse one mailbox: an e-mail address, optionally with a display name."""
    if any(c in value for c in "\r\n"):
        raise ValueError("must be one line.")
    email_address(value.rpartition("<")[2].removesuffix(">") if "<" in value else value)
    if not _is_one_mailbox(value):
        raise ValueError(
            'must be one sender; a name with a comma stands in quotes, as in "Office, Hall" <a@b.example>.'
        )
    return value


def email_address(value: str) -> str:
    """Parse an e-mail address without display name."""
    if not re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+\.[^@\s<>,]+", value):
        raise ValueError("must be one e-mail address.")
    return value


def is_loopback_host(host: str) -> bool:
    """Return whether `host` is a loopback address or localhost; names are not resolved."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_host(value: str) -> bool:
    found = HOST.fullmatch(value)
    return found is not None and (found["port"] is None or 0 < int(found["port"]) <= MAX_PORT)


def _split(value: str, schemes: tuple[str, ...]) -> SplitResult | None:
    """Split a URL; None if it has another scheme, no host, or an impossible port."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return parts if parts.scheme in schemes and _is_host(parts.netloc.rpartition("@")[2]) else None


def _is_one_mailbox(value: str) -> bool:
    """Return whether mail programs read exactly one mailbox in `value`.

    A dot in the display name is an obsolete form that all of them read. The mail server decides on a non-ASCII local
    part.
    """
    try:
        header = default.header_factory("From", value)
    except (ValueError, IndexError, AttributeError, MessageError):  # the parser raises these for some malformed values
        return False
    harmless = (ObsoleteHeaderDefect, NonASCIILocalPartDefect)
    return len(header.addresses) == 1 and all(isinstance(defect, harmless) for defect in header.defects)
