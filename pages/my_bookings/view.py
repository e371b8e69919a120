"""View of a person's own bookings: each with its state, those to come first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from booking.model import Booking, Status
from core.web import context
from events.model import Event, EventStatus
from orders.reservations.model import Reservation, ReservationStatus
from schedules.service import Schedules


class BookingState(StrEnum):
    """State of a booking as its owner sees it."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    PAST = "past"


@dataclass(frozen=True)
class ReservationCard:
    """A reservation with its event."""

    reservation: Reservation
    event: Event
    state: BookingState

    @property
    def tier_name(self) -> str:
        """Return the name of the reserved tier."""
        return self.event.tier(self.reservation.tier_id).name


@dataclass(frozen=True)
class HourCard:
    """A booking of an hour."""

    booking: Booking
    ends_at: datetime
    state: BookingState


C = TypeVar("C", ReservationCard, HourCard)


def reservation_cards(found: Sequence[tuple[Reservation, Event]], now: datetime) -> list[ReservationCard]:
    """Return the cards of reservations: the active ones by date, then the others, the latest first."""
    cards = []
    for reservation, event in found:
        cards.append(ReservationCard(reservation, event, _reservation_state(reservation, event, now)))
    return _active_first(cards, lambda card: card.event.date)


def hour_cards(bookings: Sequence[Booking], now: datetime) -> list[HourCard]:
    """Return the cards of slot bookings in the same order."""
    schedule = context.get_service(Schedules).schedule
    cards = []
    for booking in bookings:
        ends_at = schedule.ends_at(booking.date, booking.slot_label)
        cards.append(HourCard(booking, ends_at, _hour_state(booking, ends_at, now)))
    return _active_first(cards, lambda card: card.ends_at)


def _active_first(cards: Sequence[C], moment: Callable[[C], datetime]) -> list[C]:
    active = [card for card in cards if card.state is BookingState.CONFIRMED]
    others = [card for card in cards if card.state is not BookingState.CONFIRMED]
    return sorted(active, key=moment) + sorted(others, key=moment, reverse=True)


def _reservation_state(reservation: Reservation, event: Event, now: datetime) -> BookingState:
    if reservation.status is ReservationStatus.CANCELLED or event.status is EventStatus.CANCELLED:
        return BookingState.CANCELLED
    if now >= event.date:
        return BookingState.PAST
    return BookingState.CONFIRMED


def _hour_state(booking: Booking, ends_at: datetime, now: datetime) -> BookingState:
    if booking.status is Status.CANCELLED:
        return BookingState.CANCELLED
    if now >= ends_at:
        return BookingState.PAST
    return BookingState.CONFIRMED
