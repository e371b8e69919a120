"""Schemas that several parts of the back office share."""

from __future__ import annotations

import marshmallow as ma

MAX_PAGE_SIZE = 100


class ValidSchema(ma.Schema):
    """The key is right."""

    success = ma.fields.Boolean()
