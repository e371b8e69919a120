"""Errors of webhooks of payment providers."""

from __future__ import annotations

from core.errors import Invalid


class BadSignature(Invalid):
    """The signature of the webhook is missing, wrong or too old."""

    code = "bad_signature"
