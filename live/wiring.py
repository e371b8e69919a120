"""Object graph of live updates."""

from __future__ import annotations

from core.clock import Clock
from core.mongo.client import Db
from live.broadcast_log import BroadcastLog
from live.change_stream import SlotChangeStream
from live.connection_limits import ConnectionLimiter
from live.sse_format import Messages
from live.streams import LiveStreams
from schedules.model import Schedule


def build(db: Db, schedule: Schedule, clock: Clock) -> LiveStreams:
    """Return the live streams over the change stream of `db`."""
    messages = Messages(schedule, db.name, clock)
    broadcast_log = BroadcastLog(messages.update)
    change_stream = SlotChangeStream(db, schedule, broadcast_log)
    return LiveStreams(broadcast_log, change_stream, messages, ConnectionLimiter())
