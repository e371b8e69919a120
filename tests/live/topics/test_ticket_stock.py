"""Stock of events in memory: the same counts as the model of events, after any writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events.mapping import to_stock_document
from events.model import Event
from live.topics.ticket_stock import EventStock, Stocks
from tests.event_calls import new_event, new_tier

COUNTS = st.integers(0, 6)
CLOSED = st.booleans()
NOW = datetime(2026, 1, 1, tzinfo=UTC)
STOCK_CHANGES = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["capacity", "taken", "closed"]), COUNTS), max_size=12
)


def rows_of(event: Event) -> list[dict[str, Any]]:
    return list(map(to_stock_document, event.stock))


def with_event(event: Event) -> tuple[Stocks, EventStock]:
    stocks = Stocks([{"_id": event.id, "status": event.status.value}], rows_of(event))
    return stocks, stocks.by_event[event.id]


def changed(event: Event, row: int, values: dict[str, Any]) -> Event:
    """Return `event` with other values in its tier of that number, or in its pool."""
    if row == len(event.tiers) and event.pool:
        return replace(event, pool=replace(event.pool, **values))
    tiers = list(event.tiers)
    tiers[row] = replace(tiers[row], **values)
    return replace(event, tiers=tiers)


@given(st.integers(1, 3), st.booleans(), STOCK_CHANGES)
def test_counts_equal_those_of_the_event_model(tiers: int, has_pool: bool, changes: list[tuple[int, str, int]]) -> None:
    kinds = [new_tier(f"T{number}", capacity=5) for number in range(tiers)]
    event = new_event(*kinds, pool=8 if has_pool else None).build(NOW)
    stocks, stock = with_event(event)
    ids = [row["_id"] for row in rows_of(event)]
    for number, name, count in changes:
        row = number % len(ids)
        values = {name: count > 3 if name == "closed" else count}
        event = changed(event, row, values)
        stocks.put_row(ids[row], values)

    assert stock.remaining() == event.remaining
    assert stock.remaining_by_tier() == {tier.id: event.remaining_of(tier) for tier in event.tiers}


def test_event_that_is_not_published_has_nothing_left() -> None:
    event = new_event().build(NOW)
    stocks, stock = with_event(event)

    stocks.put_event(event.id, {"status": "cancelled"})

    assert (stock.remaining(), stock.remaining_by_tier()) == (0, {event.tiers[0].id: 0})
    assert list(stocks.published()) == []


def test_rows_before_their_event_are_counted_once_it_is_published() -> None:
    event = new_event().build(NOW)
    stocks = Stocks([], rows_of(event))
    assert list(stocks.published()) == []

    stocks.put_event(event.id, {"status": "published"})

    assert [stock.remaining() for stock in stocks.published()] == [10]


def test_writes_of_rows_of_a_deleted_event_are_ignored() -> None:
    event = new_event().build(NOW)
    stocks, _ = with_event(event)

    stocks.put_event(event.id, None)

    assert stocks.put_row(event.tiers[0].id, {"taken": 1}) is None
    assert stocks.put_row(event.tiers[0].id, None) is None
    assert stocks.by_event == {}


def test_tiers_are_in_the_order_of_their_positions() -> None:
    event = new_event(new_tier("A"), new_tier("B"), new_tier("C")).build(NOW)
    rows = rows_of(event)

    stocks = Stocks([{"_id": event.id, "status": "published"}], rows[::-1])

    assert list(stocks.by_event[event.id].tiers) == [tier.id for tier in event.tiers]
