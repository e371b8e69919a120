"""Connection pools for one address outside: urllib3 with the proxy and the certificates of the environment, no retries.

A request costs half of the CPU time of one by the requests library (ADR 27).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
import requests.utils
import urllib3


def build_pool(address: str, connections: int, timeout: urllib3.Timeout, certificates: str = "") -> urllib3.PoolManager:
    """Return a pool that all threads share. It follows no redirections.

    `certificates` is the path of trusted ones, unless REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names others, in a file or a
    folder; without one they are those of certifi.
    """
    settings = requests.Session().merge_environment_settings(address, {}, stream=None, verify=None, cert=None)
    trusted = certificates or requests.utils.DEFAULT_CA_BUNDLE_PATH
    if isinstance(settings["verify"], str):
        trusted = settings["verify"]
    options: dict[str, Any] = {
        "num_pools": 1,
        "maxsize": connections,
        "timeout": timeout,
        "retries": False,
        "ca_cert_dir" if Path(trusted).is_dir() else "ca_certs": trusted,
    }
    proxy = requests.utils.select_proxy(address, settings["proxies"])
    if proxy is None:
        return urllib3.PoolManager(**options)
    proxy = requests.utils.prepend_scheme_if_needed(proxy, "http")  # type: ignore[no-untyped-call]
    return urllib3.ProxyManager(proxy, proxy_headers=_proxy_headers(proxy), **options)


def _proxy_headers(proxy: str) -> Mapping[str, str]:
    user, password = requests.utils.get_auth_from_url(proxy)
    if not user:
        return {}
    return urllib3.make_headers(proxy_basic_auth=f"{user}:{password}")
