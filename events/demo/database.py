"""What else is in the database of the demo, and the removal of what was sold of its events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.mongo.client import Db
from core.mongo.transactions import Session, Update, bulk_update
from events.demo.catalogue import PEOPLE
from events.model import Event
from events.store import EVENTS, STOCK

# Collections with rows about events, each with the field of the event's id.
CLAIMS: Mapping[str, str] = {
    "reservations": "eventId",
    "holds": "items.eventId",
    "orders": "items.eventId",
    "tickets": "eventId",
    "tier_waitlist": "eventId",
    "event_notices": "eventId",
}
# Collections that have rows only where the service is used for something else.
OTHERS = ("bookings", "waitlist")


class DemoDatabase:
    """The database of the demo."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def has_other_data(self, demo_ids: Sequence[str]) -> bool:
        """Return whether the database has events, people or bookings that are not the demo's."""
        events = self._db[EVENTS.name].find_one({"_id": {"$nin": list(demo_ids)}}, {"_id": 1})
        accounts = self._db["accounts"].find_one({"email": {"$nin": list(PEOPLE)}}, {"_id": 1})
        rows = [self._db[name].find_one({}, {"_id": 1}) for name in OTHERS]
        return any([events, accounts, *rows])

    def is_empty(self) -> bool:
        """Return whether the database has no event, no account and no booking."""
        names = (EVENTS.name, "accounts", *OTHERS)
        return not any(self._db[name].find_one({}, {"_id": 1}) for name in names)

    def existing(self, event_ids: Sequence[str]) -> set[str]:
        """Return which of the events are stored."""
        return set(self._db[EVENTS.name].distinct("_id", {"_id": {"$in": list(event_ids)}}))

    def forget_sales(self, session: Session, events: Sequence[Event]) -> None:
        """Delete what was sold of `events` and put their stock back, within the caller's transaction."""
        wanted = {"$in": [event.id for event in events]}
        for name, field in CLAIMS.items():
            self._db[name].delete_many({field: wanted}, session=session)
        updates: list[Update] = []
        for event in events:
            for stock in event.stock:
                full = {"capacity": stock.capacity, "taken": 0, "held": 0, "waiting": 0}
                updates.append(({"_id": stock.id}, {"$set": full}))
        bulk_update(session, self._db[STOCK.name], updates)

    def is_embedded(self) -> bool:
        """Return whether the database is that of `make run`: a mongod whose folder has its port in a file."""
        options = self._db.client.admin.command("getCmdLineOpts")["parsed"]
        folder = Path(options.get("storage", {}).get("dbPath", "/"))
        try:
            port = (folder / "port").read_text(encoding="ascii")
        except OSError:
            return False
        return port.strip() == str(options.get("net", {}).get("port"))
