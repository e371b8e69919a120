"""Test domains of e-mail addresses, which receive no e-mail: they are taken only where a setting allows them."""

from __future__ import annotations

from core.errors import Invalid
from core.schema_fields import TEST_TLDS

# The ends of addresses in test domains.
TEST_DOMAINS = tuple(f".{top}" for top in sorted(TEST_TLDS))


class DomainReceivesNoEmail(Invalid):
    """The request is not valid."""

    def __init__(self, email: str) -> None:
        """Name the test domain of `email`."""
        self.domain = email.rpartition(".")[2]
        super().__init__(errors={"email": [f"Addresses in the test domain .{self.domain} receive no e-mail."]})
