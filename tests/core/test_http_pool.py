"""Connection pools: the proxy and the certificates of the environment, no redirection."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests.utils
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from urllib3.exceptions import SSLError

from core.http_pool import build_pool

API = "https://api.stripe.com"
LIMIT = urllib3.Timeout(connect=5, read=5)
# The name of a certificate in a folder, by which OpenSSL finds it: of the subject CN=127.0.0.1.
SUBJECT_HASH = "88d0bdcb"


def test_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ada:secret@proxy.example:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/own.pem")

    pool = build_pool(API, 4, LIMIT)

    assert isinstance(pool, urllib3.ProxyManager)
    assert pool.proxy
    assert pool.proxy.host == "proxy.example"
    assert pool.proxy_headers == {"proxy-authorization": "Basic YWRhOnNlY3JldA=="}
    assert pool.connection_pool_kw["ca_certs"] == "/etc/ssl/own.pem"


def test_proxy_without_a_user_gets_no_authorization(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)

    pool = build_pool(API, 4, LIMIT)

    assert isinstance(pool, urllib3.ProxyManager)
    assert pool.proxy_headers == {}
    assert pool.connection_pool_kw["ca_certs"] == requests.utils.DEFAULT_CA_BUNDLE_PATH


@pytest.mark.parametrize("proxy", ["proxy.example:3128", "//proxy.example:3128"])
def test_proxy_without_a_scheme_is_one_of_http(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)

    pool = build_pool(API, 4, LIMIT)

    assert isinstance(pool, urllib3.ProxyManager)
    assert pool.proxy
    assert (pool.proxy.scheme, pool.proxy.host, pool.proxy.port) == ("http", "proxy.example", 3128)


def test_host_outside_of_the_proxy_is_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "api.stripe.com")

    assert not isinstance(build_pool(API, 4, LIMIT), urllib3.ProxyManager)


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An HTTPS server that answers 404, and the certificate by which alone it can be trusted."""
    certificate = self_signed(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, tmp_path / "key.pem")
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", certificate
    server.shutdown()
    server.server_close()


def self_signed(folder: Path) -> Path:
    """Write a key and its certificate for 127.0.0.1; return the path of the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(pem)
    path = folder / "certificate.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path


def test_certificate_of_an_unknown_authority_is_refused(tls_server: tuple[str, Path]) -> None:
    url, _ = tls_server

    with pytest.raises(SSLError):
        build_pool(url, 4, LIMIT).request("GET", url)


def test_certificate_of_the_environment_is_trusted(
    tls_server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, certificate = tls_server
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))

    assert build_pool(url, 4, LIMIT).request("GET", url).status == 501


def test_certificate_in_a_folder_is_trusted(
    tls_server: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, certificate = tls_server
    folder = tmp_path / "trusted"
    folder.mkdir()
    (folder / f"{SUBJECT_HASH}.0").write_bytes(certificate.read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder))

    assert build_pool(url, 4, LIMIT).request("GET", url).status == 501
