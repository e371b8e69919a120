"""Socket.IO endpoint: validates the handshake and passes the connection to the broadcaster."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Response, request

from core.config.settings import Settings
from core.web import context
from core.web.origins import is_own_origin
from live.connection_limits import RETRY_AFTER_SECONDS
from live.errors import CapacityReached, HandshakeInvalid, OriginRefused, WebSocketOnly
from live.socketio.connection import BoundedSocket, shutdown
from live.socketio.server import SocketBroadcaster
from live.streams import LiveStreams

blueprint = Blueprint("sockets", __name__)
KEY = re.compile(r"[A-Za-z0-9+/]{22}==", re.ASCII)


class UpgradeResponse(Response):
    """The answer to a handshake, which serves the connection to its end."""

    def __init__(self, serve: Callable[[], None]) -> None:
        """Call `serve` once the request has been logged and counted."""
        super().__init__(status=101)
        self._serve = serve

    def __call__(self, environ: Any, start_response: Any) -> Any:  # noqa: ARG002  # WSGI has this shape
        """Serve the connection; gunicorn writes nothing after it."""
        self._serve()
        raise StopIteration


@blueprint.get("/socket.io/")
@blueprint.get("/socket.io/", websocket=True)  # Werkzeug routes upgrade requests separately
def connect() -> Response:
    """Open a Socket.IO connection, which receives every change of slots and tickets."""
    _check_origin(context.get_service(Settings))
    key = _key()
    return _upgraded(context.get_service(SocketBroadcaster), context.get_service(LiveStreams), key)


def _check_origin(settings: Settings) -> None:
    """Reject foreign pages: browsers open a WebSocket without a preflight."""
    origin = request.headers.get("Origin", settings.public_url)
    if origin not in settings.cors_origins and not is_own_origin(origin, settings.public_url):
        raise OriginRefused


def _key() -> str:
    """Return the key of a valid handshake; raises WebSocketOnly and HandshakeInvalid."""
    if request.args.get("transport", "polling") != "websocket":
        raise WebSocketOnly
    key = request.headers.get("Sec-WebSocket-Key", "")
    checks = {
        "EIO": request.args.get("EIO") == "4",
        "sid": "sid" not in request.args,
        "Upgrade": request.headers.get("Upgrade", "").lower() == "websocket",
        "Connection": "upgrade" in re.split(r"[,\s]+", request.headers.get("Connection", "").lower()),
        "Sec-WebSocket-Version": request.headers.get("Sec-WebSocket-Version") == "13",
        "Sec-WebSocket-Key": KEY.fullmatch(key) is not None,
        "method": request.method == "GET",
    }
    wrong = [name for name, valid in checks.items() if not valid]
    if wrong:
        raise HandshakeInvalid(f"Not as Socket.IO 5 over a WebSocket has it: {', '.join(wrong)}.")
    return key


def _upgraded(broadcaster: SocketBroadcaster, streams: LiveStreams, key: str) -> Response:
    sock = request.environ.get("gunicorn.socket")
    if sock is None or not broadcaster.is_open():
        raise CapacityReached(retry_after=RETRY_AFTER_SECONDS)
    connection = streams.limiter.acquire(context.client_address(), partial(shutdown, sock, socket.SHUT_RDWR))
    bounded_socket = BoundedSocket(sock, connection)

    def serve() -> None:
        try:
            broadcaster.serve(key, bounded_socket)
        finally:
            streams.limiter.release(connection)

    return UpgradeResponse(serve)
