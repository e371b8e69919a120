"""Errors of live connections: limits reached, and handshakes that are refused."""

from __future__ import annotations

from core.errors import Forbidden, Invalid, TooMany, Unavailable


class AddressLimitReached(TooMany):
    """Too many live streams are open from this address."""


class CapacityReached(Unavailable):
    """Too many live streams are open here. Please try again in a moment."""


class WebSocketOnly(Invalid):
    """Connect by the websocket transport: polling is not served."""

    code = "websocket_only"


class HandshakeInvalid(Invalid):
    """This is no handshake of Socket.IO over a WebSocket."""

    code = "handshake_invalid"


class OriginRefused(Forbidden):
    """Pages of this origin may not connect."""

    code = "origin_refused"
