"""Schemas of webhooks of payment providers."""

from __future__ import annotations

import marshmallow as ma


class PaymentAck(ma.Schema):
    """The event was applied, or needs nothing."""

    received = ma.fields.Boolean()
