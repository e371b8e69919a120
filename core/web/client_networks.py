"""Client networks: the address that a proxy or the server reports, in one notation for rate limits."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network

UNKNOWN = "unknown"
# An IPv4 address, or an IPv6 address in brackets, each with or without a port.
WITH_PORT = re.compile(r"([0-9.]+|\[[^\[\]]+\])(?::[0-9]*)?", re.ASCII)
PREFIX_BYTES = 8


@lru_cache(4096)
def network_of(reported: str) -> str:
    """Return the IPv4 address or the IPv6 /64 network of a reported address; all that are none share one name.

    One household has a /64 network to itself.
    """
    written = reported.strip().strip('"').strip()
    found = WITH_PORT.fullmatch(written)
    if found:
        written = found[1].strip("[]")
    try:
        if ":" not in written:
            return str(IPv4Address(written))
        address = IPv6Address(written.strip())
    except ValueError:
        return UNKNOWN
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    network = address.packed[:PREFIX_BYTES].ljust(16, b"\0")
    return str(IPv6Network((network, PREFIX_BYTES * 8)))
