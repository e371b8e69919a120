"""Policy of e-mail domains: test domains, which receive no e-mail, are taken only where a setting allows them."""

from __future__ import annotations

from core.errors import Invalid
from core.schema_fields import TEST_TLDS


class DomainReceivesNoEmail(Invalid):
    """The request is not valid."""

    def __init__(self, domain: str) -> None:
        """Name the top-level `domain`."""
        super().__init__(errors={"email": [f"Addresses in the test domain .{domain} receive no e-mail."]})
        self.domain = domain


def refuse_test_domain(email: str, *, allowed: bool) -> None:
    """Raise DomainReceivesNoEmail for an address in a domain such as `.test`, unless these are allowed."""
    domain = email.rpartition(".")[2]
    if domain in TEST_TLDS and not allowed:
        raise DomainReceivesNoEmail(domain)
