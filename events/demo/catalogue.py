"""The demo's people and events, with ids that depend only on their names."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from accounts.model import Account
from events.editor.new_event import NewEvent, NewTier
from events.model import Event

PASSWORD = "Password123"  # noqa: S105 # nosec B105 # of the demo, as the README says
PEOPLE = {
    "alice@example.com": "Alice Johnson",
    "bob@example.com": "Bob Smith",
    "charlie@example.com": "Charlie Brown",
}
MANY = 120
DAYS_BETWEEN = 30
CITIES = ("Berlin", "Lisbon", "Toronto", "Nairobi", "Osaka", "Lima")
KINDS = ("Concert", "Workshop", "Theatre Night", "Book Fair", "Film Festival", "Science Slam")


@dataclass(frozen=True)
class Offer:
    """An event of the demo; its tiers are code, price in cents and capacity."""

    title: str
    description: str
    venue: str
    tiers: Sequence[tuple[str, int, int]]


OFFERS = (
    Offer("Tech Conference", "Two days of talks about software.", "Congress Centre", [("GA", 29999, 500)]),
    Offer("Limited Concert", "An evening for two listeners only.", "Chamber Hall", [("GA", 15000, 2)]),
    Offer("Startup Meetup", "Founders meet and show what they build.", "Loft 12", [("GA", 2500, 100)]),
    Offer("Art Exhibition Opening", "The opening night of the new exhibition.", "City Gallery", [("GA", 4500, 50)]),
    Offer("Marathon", "Forty-two kilometres through the city.", "Old Town", [("GA", 7500, 1000)]),
    Offer(
        "Summer Concert",
        "Music in the open air.",
        "Park Stage",
        [("VIP", 10000, 100), ("FRONT_ROW", 5000, 200), ("GA", 1000, 500)],
    ),
)
TIER_NAMES = {"GA": "General admission", "VIP": "VIP", "FRONT_ROW": "Front row"}


def demo_events(now: datetime, *, many: bool) -> list[Event]:
    """Return the events of the demo, one every 30 days from `now` on; `many` adds 120."""
    offers = [*OFFERS, *_more_offers()] if many else OFFERS
    start = now.replace(hour=18, minute=0, second=0, microsecond=0)
    return [_event(offer, start + timedelta(days=DAYS_BETWEEN * number), now) for number, offer in enumerate(offers, 1)]


def demo_accounts(now: datetime, password_hash: str) -> list[Account]:
    """Return the people of the demo, their addresses verified."""
    accounts = []
    for email, name in PEOPLE.items():
        account = Account(
            id=_id("account", email),
            email=email,
            name=name,
            created_at=now,
            password_hash=password_hash,
            email_verified=True,
        )
        accounts.append(account)
    return accounts


def _more_offers() -> list[Offer]:
    offers = []
    for number in range(MANY):
        kind = KINDS[number % len(KINDS)]
        city = CITIES[number // len(KINDS) % len(CITIES)]
        tiers = [("GA", 1000 + 250 * (number % 17), 50 + 10 * (number % 23))]
        offers.append(Offer(f"{kind} {number + 1}", f"{kind} in {city}.", f"{city} Hall", tiers))
    return offers


def _event(offer: Offer, date: datetime, now: datetime) -> Event:
    tiers = [
        NewTier(code=code, name=TIER_NAMES[code], price=price, capacity=count) for code, price, count in offer.tiers
    ]
    new = NewEvent(
        title=offer.title,
        description=offer.description,
        date=date,
        venue=offer.venue,
        currency="USD",
        tiers=tiers,
    )
    event = new.build(now)
    event_id = _id("event", offer.title)
    renamed = [replace(tier, id=_id("tier", offer.title, tier.code), event_id=event_id) for tier in event.tiers]
    return replace(event, id=event_id, tiers=renamed)


def _id(*parts: str) -> str:
    """Return an id in the form of all ids that depends only on `parts`."""
    return hashlib.sha256("\x1f".join(("demo", *parts)).encode()).hexdigest()[:32]
