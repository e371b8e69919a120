"""The e-mail address and name of a provider's identity, by the rules of this service's own forms."""

from __future__ import annotations

import marshmallow as ma

from accounts.openid.model import ProviderIdentity
from core.schema_fields import PersonName, normalize_email

NAME = PersonName(2, 80)


def email_of(identity: ProviderIdentity) -> str:
    """Return the address as accounts store it, or an empty text if it is not usable."""
    try:
        return normalize_email(identity.email)
    except ValueError:
        return ""


def account_name(identity: ProviderIdentity) -> str:
    """Return the name of a new account; without a usable one it is the part of the address before the @."""
    for name in (identity.name, email_of(identity).partition("@")[0]):
        try:
            return str(NAME.deserialize(name))
        except ma.ValidationError:
            continue
    return email_of(identity)
