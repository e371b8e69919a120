"""Changes of events as values, and the event that a change makes of another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.errors import Invalid
from core.ids import new_id
from events.editor.new_event import NewTier
from events.errors import EventCancelled, EventHasSales, EventOnSale, TierNotFound
from events.model import Event, EventStatus, TicketStock, Tier
from events.money import Money, exponent_of

MAX_TIERS = 20
FIELDS = ("title", "description", "image", "image_alt", "date", "venue", "currency", "status", "max_per_order")


@dataclass(frozen=True, kw_only=True)
class TierChange:
    """A change of the tier `id`, or without an id a tier to add; `price` is in decimals of the event's currency."""

    id: str = ""
    code: str | None = None
    name: str | None = None
    price: str | None = None
    capacity: int | None = None
    closed: bool | None = None
    seats: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class EventChange:
    """A change of an event; None leaves a member as it is. `removed` are members that get their default again."""

    title: str | None = None
    description: str | None = None
    image: str | None = None
    image_alt: str | None = None
    date: datetime | None = None
    venue: str | None = None
    currency: str | None = None
    status: EventStatus | None = None
    max_per_order: int | None = None
    sales_end: datetime | None = None
    pool: int | None = None
    tiers: Sequence[TierChange] = ()
    removed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Changed:
    """The event after a change, and the seats of the tiers it adds, by the ids of these."""

    event: Event
    seats: Mapping[str, Sequence[str]]


def changed(event: Event, change: EventChange, now: datetime) -> Changed:
    """Return what `change` makes of `event`.

    Raises EventCancelled for a cancelled event, EventHasSales for what cannot change after a sale, EventOnSale for a
    pool of a published event, TierNotFound, and Invalid.
    """
    if event.status is EventStatus.CANCELLED:
        raise EventCancelled
    values = {name: getattr(change, name) for name in FIELDS if getattr(change, name) is not None}
    after = replace(event, **values, sales_end=_sales_end(event, change), updated_at=now, version=event.version + 1)
    _require_allowed(event, after)
    require_end_before(after.sales_end, after.date)
    tiers = _repriced(event, after.currency)
    seats: dict[str, Sequence[str]] = {}
    for position, wanted in enumerate(change.tiers):
        if wanted.id:
            _replace_tier(tiers, position, wanted, after.currency)
        else:
            added = _new_tier(position, wanted, after.currency)
            tier = added.build(event.id, max(known.position for known in tiers) + 1, after.status, now)
            tiers.append(replace(tier, withdrawn=bool(wanted.closed)))
            seats[tier.id] = added.seats
    _require_distinct([tier.code for tier in tiers])
    is_closed = after.status is not EventStatus.PUBLISHED
    opened = [replace(tier, closed=is_closed or tier.withdrawn) for tier in tiers]
    return Changed(replace(after, tiers=opened, pool=_pool(event, change, now, is_closed=is_closed)), seats)


def new_tiers(wanted: Sequence[TierChange], currency: str) -> list[NewTier]:
    """Return the tiers of a new event; raises Invalid."""
    for position, tier in enumerate(wanted):
        if tier.id or tier.closed is not None:
            raise _invalid(position, "id" if tier.id else "closed", "Unknown field.")
    tiers = [_new_tier(position, tier, currency) for position, tier in enumerate(wanted)]
    _require_distinct([tier.code for tier in tiers])
    return tiers


def _sales_end(event: Event, change: EventChange) -> datetime:
    """Return the end of sales; the default one is the date of the event and changes with it."""
    date = change.date or event.date
    if change.sales_end:
        return change.sales_end
    if "sales_end" in change.removed or event.sales_end == event.date:
        return date
    return event.sales_end


def require_end_before(sales_end: datetime, date: datetime) -> None:
    """Raise Invalid if sales end after the event's date."""
    if sales_end > date:
        raise Invalid(errors={"salesEnd": ["Must not be after the date of the event."]})


def _require_allowed(before: Event, after: Event) -> None:
    is_withdrawn = before.status is EventStatus.PUBLISHED and after.status is EventStatus.DRAFT
    if (is_withdrawn or before.currency != after.currency) and _has_taken(before):
        raise EventHasSales


def _has_taken(event: Event) -> bool:
    return any(stock.taken for stock in event.stock)


def _repriced(event: Event, currency: str) -> list[Tier]:
    """Return the tiers with the same prices in another currency; raises Invalid if it has not enough decimals."""
    if currency == event.currency:
        return list(event.tiers)
    more = exponent_of(currency) - exponent_of(event.currency)
    tiers = []
    for tier in event.tiers:
        scaled, rest = divmod(tier.price * 10 ** max(more, 0), 10 ** max(-more, 0))
        if rest:
            raise Invalid(errors={"currency": [f"The price of {tier.code} has too many decimals for it."]})
        tiers.append(replace(tier, price=scaled))
    return tiers


def _replace_tier(tiers: list[Tier], position: int, wanted: TierChange, currency: str) -> None:
    index = next((number for number, tier in enumerate(tiers) if tier.id == wanted.id), None)
    if index is None:
        raise TierNotFound
    tier = tiers[index]
    if wanted.code is not None or wanted.seats:
        raise _invalid(position, "code", "The code and the seats of a tier cannot be changed.")
    values: dict[str, Any] = {}
    if wanted.name is not None:
        values["name"] = wanted.name
    if wanted.price is not None:
        values["price"] = _price(position, wanted.price, currency)
    if wanted.closed is not None:
        values["withdrawn"] = wanted.closed
    if wanted.capacity is not None:
        if tier.numbered and wanted.capacity != tier.capacity:
            raise _invalid(position, "capacity", "A numbered tier has as many tickets as seats.")
        values["capacity"] = wanted.capacity
    tiers[index] = replace(tier, **values)


def _new_tier(position: int, wanted: TierChange, currency: str) -> NewTier:
    capacity = wanted.capacity
    if wanted.seats and capacity is None:
        capacity = len(wanted.seats)
    for name, value in (("code", wanted.code), ("name", wanted.name), ("price", wanted.price), ("capacity", capacity)):
        if value is None:
            raise _invalid(position, name, "Missing data for required field.")
    if wanted.seats and capacity != len(wanted.seats):
        raise _invalid(position, "capacity", "A numbered tier has as many tickets as seats.")
    return NewTier(
        code=wanted.code or "",
        name=wanted.name or "",
        price=_price(position, wanted.price or "", currency),
        capacity=capacity or 0,
        seats=wanted.seats,
    )


def _price(position: int, text: str, currency: str) -> int:
    try:
        return Money.parse(text, currency).minor
    except ValueError as error:
        raise _invalid(position, "price", str(error)) from None


def _require_distinct(codes: Sequence[str]) -> None:
    if len(codes) > MAX_TIERS:
        raise Invalid(errors={"tiers": [f"An event has at most {MAX_TIERS} tiers."]})
    if len(set(codes)) < len(codes):
        raise Invalid(errors={"tiers": ["The codes of an event's tiers must differ."]})


def _pool(event: Event, change: EventChange, now: datetime, *, is_closed: bool) -> TicketStock | None:
    """Return the pool; it comes and goes only in a draft without claims, as each claim counts in it or not."""
    pool = event.pool
    is_removed = "pool" in change.removed
    is_added = pool is None and change.pool is not None
    if is_added or (is_removed and pool):
        _require_unsold_draft(event)
    if is_removed:
        return None
    if pool is None and change.pool is None:
        return None
    if pool is None:
        pool = TicketStock(id=new_id(now), event_id=event.id, capacity=change.pool or 0, waiting=event.waiting)
    capacity = pool.capacity if change.pool is None else change.pool
    return replace(pool, capacity=capacity, closed=is_closed)


def _require_unsold_draft(event: Event) -> None:
    if _has_taken(event):
        raise EventHasSales
    if event.status is not EventStatus.DRAFT:
        raise EventOnSale


def _invalid(position: int, field: str, reason: str) -> Invalid:
    return Invalid(errors={"tiers": {str(position): {field: [reason]}}})


def cancelled(event: Event, now: datetime) -> Event:
    """Return `event` as cancelled: all of its stock is closed."""
    return replace(
        event,
        status=EventStatus.CANCELLED,
        tiers=[replace(tier, closed=True) for tier in event.tiers],
        pool=replace(event.pool, closed=True) if event.pool else None,
        updated_at=now,
        version=event.version + 1,
    )
