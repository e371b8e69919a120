"""OpenID providers in the environment: `OIDC_<NAME>_ISSUER`, `_CLIENT_ID` and `_CLIENT_SECRET` for each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from core.config.parsers import is_loopback_host, url

VARIABLE = re.compile(r"OIDC_([A-Z][A-Z0-9]{0,19})_(ISSUER|CLIENT_ID|CLIENT_SECRET)")


@dataclass(frozen=True)
class ProviderSettings:
    """A provider and this service's registration with it; `name` is in the paths of its sign-in."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


def parse_providers(env: Mapping[str, str], problems: list[str]) -> tuple[ProviderSettings, ...]:
    """Return the providers in `env`, by name; each problem is added to `problems` and quotes no value."""
    values: dict[str, dict[str, str]] = {}
    for variable in sorted(env):
        found = VARIABLE.fullmatch(variable)
        if found and env[variable].strip():
            values.setdefault(found[1], {})[found[2]] = env[variable].strip()
    providers = []
    for name, given in values.items():
        missing = {"ISSUER", "CLIENT_ID", "CLIENT_SECRET"} - given.keys()
        problems.extend(f"OIDC_{name}_{part} is not set." for part in sorted(missing))
        if missing:
            continue
        try:
            issuer = parse_issuer(given["ISSUER"])
        except ValueError as error:
            problems.append(f"OIDC_{name}_ISSUER {error}")
            continue
        providers.append(ProviderSettings(name.lower(), issuer, given["CLIENT_ID"], given["CLIENT_SECRET"]))
    return tuple(providers)


def parse_issuer(value: str) -> str:
    """Parse an issuer, which is compared with every character: also a final slash stays."""
    url(value)
    if not is_secure(value) or "@" in value:
        raise ValueError("must be an https address without a user; http is for this machine only.")
    return value


def is_secure(address: str) -> bool:
    """Return whether `address` is https, or http on a loopback host."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback_host(parts.hostname or ""))
