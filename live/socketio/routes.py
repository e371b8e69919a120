"""The door for Socket.IO: looks at a handshake, and hands the connection to the hub."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Response, request

from core.config.settings import Settings
from core.web import context
from live.connection_limits import RETRY_AFTER_SECONDS
from live.errors import CapacityReached, HandshakeInvalid, OriginRefused, WebSocketOnly
from live.socketio.connection import BoundedSocket, shut
from live.socketio.server import SocketBroadcaster
from live.streams import LiveStreams

blueprint = Blueprint("sockets", __name__)
KEY = re.compile(r"[A-Za-z0-9+/]{22}==", re.ASCII)


class UpgradeResponse(Response):
    """The answer to a handshake: serves the connection to its end."""

    def __init__(self, serve: Callable[[], None]) -> None:
        """Serve by `serve`, when the request has been logged and counted."""
        super().__init__(status=101)
        self._serve = serve

    def __call__(self, environ: Any, start_response: Any) -> Any:  # noqa: ARG002  # WSGI has this shape
        """Serve, and leave gunicorn nothing to write."""
        self._serve()
        raise StopIteration


@blueprint.get("/socket.io/")
@blueprint.get("/socket.io/", websocket=True)  # Werkzeug keeps requests to upgrade apart
def connect() -> Response:
    """Open a Socket.IO connection, which is told every change of every date."""
    _check_origin(context.get_service(Settings))
    key = _key()
    return _upgraded(context.get_service(SocketBroadcaster), context.get_service(LiveStreams), key)


def _check_origin(settings: Settings) -> None:
    """Refuse pages of others: browsers ask nobody before they open a WebSocket."""
    ours = {request.host_url.rstrip("/"), settings.public_url, *settings.cors_origins}
    if request.headers.get("Origin", settings.public_url) not in ours:
        raise OriginRefused


def _key() -> str:
    """Return the key of a handshake that asks for what is served here."""
    if request.args.get("transport", "polling") != "websocket":
        raise WebSocketOnly
    key = request.headers.get("Sec-WebSocket-Key", "")
    asks = {
        "EIO": request.args.get("EIO") == "4",
        "sid": "sid" not in request.args,
        "Upgrade": request.headers.get("Upgrade", "").lower() == "websocket",
        "Connection": "upgrade" in re.split(r"[,\s]+", request.headers.get("Connection", "").lower()),
        "Sec-WebSocket-Version": request.headers.get("Sec-WebSocket-Version") == "13",
        "Sec-WebSocket-Key": KEY.fullmatch(key) is not None,
        "method": request.method == "GET",
    }
    wrong = [name for name, right in asks.items() if not right]
    if wrong:
        raise HandshakeInvalid(f"Not as Socket.IO 5 over a WebSocket has it: {', '.join(wrong)}.")
    return key


def _upgraded(hub: SocketBroadcaster, live: LiveStreams, key: str) -> Response:
    connection = request.environ.get("gunicorn.socket")
    if connection is None or not hub.is_open():
        raise CapacityReached(retry_after=RETRY_AFTER_SECONDS)
    place = live.places.take(context.client_address(), partial(shut, connection, socket.SHUT_RDWR))
    wire = BoundedSocket(connection, place)

    def serve() -> None:
        try:
            hub.serve(key, wire)
        finally:
            live.places.leave(place)

    return UpgradeResponse(serve)
