"""Rules on values: the nearest slots, who may share a transaction, how long to wait."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from booking.model import NewBooking
from core.idempotency import fingerprint
from core.signed_tokens import SignedLinks, is_expired
from notifications.outbox.model import GIVE_UP_AFTER, OutboxEmail, backoff_delay, next_attempt_at
from schedules.model import PlannedSlot, Slot, nearest

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


def slot(date: str, start: str, *, booked: int = 0, closed: bool = False) -> Slot:
    end = f"{int(start[:2]) + 1:02d}:00"
    return Slot(f"{date} {start}", date, "A", start, end, f"{start}-{end}", 4, booked, closed)


def plan(date: str, start: str) -> PlannedSlot:
    return PlannedSlot(f"{date} {start}", "march", date, "A", start, f"{int(start[:2]) + 1:02d}:00", NOON, 4)


def names(slots: list[Slot]) -> list[str]:
    return [found.id for found in slots]


def test_the_nearest_slots_are_of_the_same_day_by_hours() -> None:
    day = [slot("2026-03-05", f"{hour}:00") for hour in range(10, 19)]
    noise = [slot("2026-03-03", "12:00"), slot("2026-03-07", "12:00")]

    assert names(nearest(noise + day[::-1], plan("2026-03-05", "12:00"))) == [
        "2026-03-05 11:00",
        "2026-03-05 13:00",
        "2026-03-05 10:00",
    ]


def test_when_the_day_is_full_the_nearest_days_follow() -> None:
    slots = [
        slot("2026-03-05", "10:00", booked=4),
        slot("2026-03-09", "12:00"),
        slot("2026-03-03", "16:00"),
        slot("2026-03-07", "13:00"),
        slot("2026-03-05", "18:00"),
    ]

    assert names(nearest(slots, plan("2026-03-05", "12:00"))) == [
        "2026-03-05 18:00",
        "2026-03-07 13:00",
        "2026-03-03 16:00",
    ]


def test_distance_is_counted_over_the_ends_of_months() -> None:
    slots = [slot("2026-02-27", "12:00"), slot("2026-03-02", "12:00"), slot("2026-03-31", "12:00")]

    assert names(nearest(slots, plan("2026-03-01", "12:00")))[:2] == ["2026-03-02 12:00", "2026-02-27 12:00"]


def test_neither_the_slot_itself_nor_full_nor_closed_ones_are_near() -> None:
    slots = [
        slot("2026-03-05", "12:00"),
        slot("2026-03-05", "11:00", booked=4),
        slot("2026-03-05", "13:00", closed=True),
    ]

    assert nearest(slots, plan("2026-03-05", "12:00")) == []


def test_slots_with_too_few_places_for_a_party_are_not_near() -> None:
    slots = [slot("2026-03-05", "11:00", booked=3), slot("2026-03-05", "13:00", booked=2)]

    assert names(nearest(slots, plan("2026-03-05", "12:00"), seats=2)) == ["2026-03-05 13:00"]


@pytest.mark.parametrize(
    ("booked", "closed", "remaining", "full"),
    [(0, False, 4, False), (3, False, 1, False), (4, False, 0, True), (5, False, 0, True), (1, True, 0, True)],
)
def test_what_remains_of_a_slot(booked: int, closed: bool, remaining: int, full: bool) -> None:
    found = slot("2026-03-05", "12:00", booked=booked, closed=closed)

    assert (found.remaining, found.is_full) == (remaining, full)


NEW = NewBooking("Ada", "ada@example.org", "+14155550123", "US", "", "2026-03-05", "slot-0000001", "")


def test_equal_requests_have_equal_fingerprints_and_others_have_not() -> None:
    assert replace(NEW).fingerprint == NEW.fingerprint
    texts: list[dict[str, Any]] = [
        {name: "x"} for name in ("full_name", "email", "phone", "country", "city", "date", "slot_id", "message")
    ]
    others = [replace(NEW, **changes) for changes in (*texts, {"seats": 2})]
    moved = [replace(NEW, city="ab", message="c"), replace(NEW, city="a", message="bc")]
    assert len({new.fingerprint for new in [NEW, *others, *moved]}) == 12


def test_fingerprint_of_one_place_is_that_of_older_versions() -> None:
    assert NEW.fingerprint == fingerprint(
        ("Ada", "ada@example.org", "+14155550123", "US", "", "2026-03-05", "slot-0000001", "")
    )


@pytest.mark.parametrize(
    ("attempts", "least", "most"),
    [(1, 0.5, 1.5), (2, 1, 3), (5, 8, 24), (12, 1024, 3072), (13, 1800, 5400), (1000, 1800, 5400)],
)
def test_pauses_double_with_jitter_up_to_an_hour(attempts: int, least: float, most: float) -> None:
    pauses = [backoff_delay(attempts, None).total_seconds() for _ in range(300)]

    assert least <= min(pauses) < max(pauses) <= most
    assert len(set(pauses)) > 100


@pytest.mark.parametrize("asked", [0.0, 30.0, 86_400.0])
def test_backoff_is_never_shorter_than_the_provider_asked(asked: float) -> None:
    assert all(backoff_delay(1, asked) >= timedelta(seconds=asked) for _ in range(100))


def test_a_short_pause_that_is_asked_for_shortens_nothing() -> None:
    assert backoff_delay(10, 1.0) >= timedelta(seconds=256)


LETTER = OutboxEmail(
    id="l",
    template="guest_booking",
    to="a@example.org",
    context={},
    created_at=NOON,
    due_at=NOON,
    subject="b",
    attempts=3,
)


def test_email_is_retried_after_a_pause_within_its_day() -> None:
    tries = [next_attempt_at(LETTER, NOON, None) for _ in range(50)]

    assert all(found and NOON + timedelta(seconds=4) <= found <= NOON + timedelta(seconds=12) for found in tries)


def test_last_attempt_is_at_the_end_of_the_day_and_none_after_it() -> None:
    ends = NOON + GIVE_UP_AFTER

    assert next_attempt_at(LETTER, ends - timedelta(seconds=1), None) == ends
    assert next_attempt_at(LETTER, ends, None) is None
    assert next_attempt_at(LETTER, ends + timedelta(days=1), 5.0) is None


def test_a_provider_that_asks_to_wait_is_waited_for() -> None:
    assert next_attempt_at(LETTER, NOON, 600.0) == NOON + timedelta(seconds=600)


def links(*secrets: str, purpose: str = "booking.manage") -> SignedLinks:
    return SignedLinks(secrets or ("a secret of the links",), "https://book.example.org", purpose, "bookings")


def test_link_token_opens_one_booking_by_one_secret_and_purpose() -> None:
    token = links().sign("booking-1")

    assert links().verify("booking-1", token)
    assert not links().verify("booking-2", token)
    assert not links("another secret").verify("booking-1", token)
    assert not links(purpose="waitlist.leave").verify("booking-1", token)
    assert links().sign("booking-1") == token


def test_the_first_secret_signs_and_every_secret_opens() -> None:
    old, both, new = links("the old secret"), links("the new secret", "the old secret"), links("the new secret")

    assert both.verify("booking-1", old.sign("booking-1"))
    assert both.sign("booking-1") == new.sign("booking-1")
    assert not new.verify("booking-1", old.sign("booking-1"))


@pytest.mark.parametrize("token", ["", "x", "\u00e9", "\ud800", "\x00", "a b", "=" * 1000])
def test_no_other_text_is_a_token(token: str) -> None:
    assert not links().verify("booking-1", token)


def test_booking_link_carries_its_token_in_the_fragment() -> None:
    address = links().url("b1")

    assert address == f"https://book.example.org/bookings/b1#token={links().sign('b1')}"
    assert re.fullmatch(r"[A-Za-z0-9_-]{20,}", links().sign("b1"))


def test_link_expires_a_day_after_its_slot_and_a_day_after_its_creation() -> None:
    day = timedelta(days=1)

    assert not is_expired(NOON, NOON - day, NOON + day)
    assert is_expired(NOON, NOON - day, NOON + day + timedelta(seconds=1))
    assert not is_expired(NOON - 9 * day, NOON, NOON + day)
    assert is_expired(NOON - 9 * day, NOON, NOON + day + timedelta(seconds=1))
