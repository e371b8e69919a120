"""Endpoint that streams the slots of a date, or the tickets of all events, as server-sent events."""

from __future__ import annotations

import socket

from flask import Response, request

from core.web import context
from core.web.endpoint import Blueprint, Endpoint
from live.schemas import LiveQuery, ResumeHeader
from live.socketio.connection import shutdown
from live.streams import LiveStreams
from live.topics.base import Topic

ABOUT = (
    "Live availability. Socket.IO clients get the same `slotUpdate`, of every date, and `ticketUpdate` at "
    "`/socket.io/` by the websocket transport, on the namespaces `/` and `/api`; they read slots and events when they "
    "have connected."
)
blueprint = Blueprint("live", __name__, url_prefix="/api", description=ABOUT)
EVENT_STREAM = "text/event-stream"
# Proxies must neither cache nor buffer the stream.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@blueprint.get("/live")
@Endpoint(None, query=LiveQuery, headers=ResumeHeader, media_type=EVENT_STREAM)
def live(date: str, last_event_id: str, *, events: bool) -> Response:
    """Stream a snapshot and every change to it, as server-sent events: of the slots of `date`, or of all `events`.

    `Last-Event-ID` resumes a stream after that message.
    """
    streams = context.get_service(LiveStreams)
    topic = streams.topics.tickets if events else streams.topics.of_date(date)
    return _streamed(streams, topic, last_event_id)


def _streamed(streams: LiveStreams, topic: Topic, last_id: str) -> Response:
    sock = request.environ.get("gunicorn.socket")
    connection = streams.limiter.acquire(context.client_address(), lambda: shutdown(sock, socket.SHUT_RDWR))
    try:
        messages = connection.track_writes(streams.open(topic, last_id))
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
