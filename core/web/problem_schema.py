"""Schema of problem details (RFC 9457), the payload of every refusal."""

from __future__ import annotations

import marshmallow as ma


class ProblemSchema(ma.Schema):
    """The payload of every refusal (RFC 9457)."""

    type = ma.fields.String(required=True, metadata={"example": "/problems/slot-full"})
    title = ma.fields.String(required=True, metadata={"example": "Slot is full"})
    status = ma.fields.Integer(required=True, metadata={"example": 409})
    code = ma.fields.String(required=True, metadata={"example": "slot_full"})
    detail = ma.fields.String(required=True)
    message = ma.fields.String(required=True, metadata={"example": "Slot is full."})
    requestId = ma.fields.String(required=True)
    errors = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.List(ma.fields.String()))
