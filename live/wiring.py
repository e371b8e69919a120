"""Object graph of live updates."""

from __future__ import annotations

from core.clock import Clock
from core.mongo.client import Db
from live.broadcast_log import BroadcastLog
from live.change_stream import ChangeStreamConsumer
from live.connection_limits import ConnectionLimiter
from live.streams import LiveStreams
from live.topics.catalogue import Topics
from schedules.model import Schedule


def build(db: Db, schedule: Schedule, clock: Clock) -> LiveStreams:
    """Return the live streams over the change stream of `db`."""
    topics = Topics(db, schedule, clock)
    broadcast_log = BroadcastLog()
    change_stream = ChangeStreamConsumer(db, topics.new_views(), broadcast_log)
    return LiveStreams(broadcast_log, change_stream, topics, ConnectionLimiter())
