"""Endpoint that streams a date's slots as server-sent events."""

from __future__ import annotations

import socket

from flask import Response, request

from core.web import context
from core.web.endpoint import Blueprint, Endpoint
from live.schemas import ResumeHeader
from live.socketio.connection import shutdown
from live.streams import LiveStreams
from schedules.schemas import SlotQuery

ABOUT = (
    "Live availability. Socket.IO clients are told the same `slotUpdate`, of every date, at `/socket.io/` by the "
    "websocket transport, on the namespaces `/` and `/api`; they read the slots when they have connected."
)
blueprint = Blueprint("live", __name__, url_prefix="/api", description=ABOUT)
EVENT_STREAM = "text/event-stream"
# Proxies must neither cache nor buffer the stream.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@blueprint.get("/live")
@Endpoint(None, query=SlotQuery, headers=ResumeHeader, media_type=EVENT_STREAM)
def live(date: str, last_event_id: str) -> Response:
    """Tell a date's slots and every change to them, as server-sent events; `Last-Event-ID` goes on where it was."""
    return _streamed(context.get_service(LiveStreams), date, last_event_id)


def _streamed(streams: LiveStreams, date: str, last_id: str) -> Response:
    sock = request.environ.get("gunicorn.socket")
    connection = streams.limiter.acquire(context.client_address(), lambda: shutdown(sock, socket.SHUT_RDWR))
    try:
        messages = connection.track_writes(streams.open(date, last_id))
    except BaseException:
        streams.limiter.release(connection)
        raise
    response = Response(messages, content_type=f"{EVENT_STREAM}; charset=utf-8", headers=HEADERS)

    def end() -> None:
        streams.limiter.release(connection)
        # The client sends nothing more: the worker need not wait for another request.
        shutdown(sock, socket.SHUT_RD)

    response.call_on_close(end)
    return response
