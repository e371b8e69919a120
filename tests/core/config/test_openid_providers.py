"""OpenID providers in the settings."""

from __future__ import annotations

import pytest

from core.config.openid_providers import ProviderSettings
from core.config.settings import ConfigError
from tests import factories

MONGODB = "mongodb://127.0.0.1:1/"
ACME = {
    "OIDC_ACME_ISSUER": "https://login.example/tenant/",
    "OIDC_ACME_CLIENT_ID": "booking",
    "OIDC_ACME_CLIENT_SECRET": "a secret",
}
GOOGLE = {
    "OIDC_GOOGLE_ISSUER": "https://accounts.google.com",
    "OIDC_GOOGLE_CLIENT_ID": "id",
    "OIDC_GOOGLE_CLIENT_SECRET": "another secret",
}


def test_no_provider_is_the_default() -> None:
    assert factories.settings(MONGODB).oidc_providers == ()
    assert factories.settings(MONGODB, OIDC_GOOGLE_ISSUER="", OIDC_GOOGLE_CLIENT_ID=" ").oidc_providers == ()


def test_providers_are_read_by_name_and_keep_their_issuer() -> None:
    settings = factories.settings(MONGODB, **GOOGLE, **ACME)

    assert settings.oidc_providers == (
        ProviderSettings("acme", "https://login.example/tenant/", "booking", "a secret"),
        ProviderSettings("google", "https://accounts.google.com", "id", "another secret"),
    )
    assert "secret" not in repr(settings.oidc_providers).replace("client_secret", "")


@pytest.mark.parametrize("missing", ["ISSUER", "CLIENT_ID", "CLIENT_SECRET"])
def test_provider_with_a_missing_setting_is_refused(missing: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        factories.settings(MONGODB, **{**ACME, f"OIDC_ACME_{missing}": ""})

    assert refusal.value.problems == [f"OIDC_ACME_{missing} is not set."]


@pytest.mark.parametrize(
    "issuer",
    [
        "http://login.example",
        "login.example",
        "https://",
        "https://login.example/?a=b",
        "ftp://login.example",
        "https://u:p@x",
    ],
)
def test_issuer_that_is_no_https_address_is_refused(issuer: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        factories.settings(MONGODB, **{**ACME, "OIDC_ACME_ISSUER": issuer})

    assert len(refusal.value.problems) == 1
    assert refusal.value.problems[0].startswith("OIDC_ACME_ISSUER must be")
    assert "login" not in refusal.value.problems[0]


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:9400", "http://localhost:9400", "http://[::1]:9400"])
def test_issuer_on_this_machine_may_be_http(issuer: str) -> None:
    assert factories.settings(MONGODB, **{**ACME, "OIDC_ACME_ISSUER": issuer}).oidc_providers[0].issuer == issuer
