"""Catalogue of topics: the dates of the schedule, and the tickets of all events."""

from __future__ import annotations

from core.clock import Clock
from core.mongo.client import Db
from live.topics.base import Topic, View
from live.topics.slots import SlotMessages, SlotTopic, SlotView
from live.topics.tickets import TicketMessages, TicketTopic, TicketView
from schedules.errors import DateNotBookable
from schedules.model import Schedule


class Topics:
    """The topics of one schedule and of the events in `db`."""

    def __init__(self, db: Db, schedule: Schedule, clock: Clock) -> None:
        self._schedule = schedule
        self._slot_messages = SlotMessages(schedule, db.name, clock)
        self._ticket_messages = TicketMessages(db.name)
        self._dates = {day.date: SlotTopic(db, self._slot_messages, day) for day in schedule.days}
        self.tickets: Topic = TicketTopic(db, self._ticket_messages)

    def of_date(self, date: str) -> Topic:
        """Return the topic of the slots of `date`; raises DateNotBookable."""
        topic = self._dates.get(date)
        if topic is None:
            raise DateNotBookable(self._schedule.refusal)
        return topic

    def new_views(self) -> list[View]:
        """Return a view for each kind of topic, without any state yet."""
        return [SlotView(self._slot_messages), TicketView(self._ticket_messages)]
