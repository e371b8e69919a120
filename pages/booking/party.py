"""Availability for a party: days and slots with too few places for all of it are full for it."""

from __future__ import annotations

from dataclasses import replace

from pages.booking.view import AvailabilityPage, DayCell, Level, SlotCard

WITH_PLACES = (Level.FREE, Level.FEW)


def for_party(page: AvailabilityPage, seats: int) -> AvailabilityPage:
    """Return the page as a party of this size sees it."""
    if seats == 1:
        return page
    weeks = [[_cell(cell, seats) for cell in week] for week in page.month.weeks]
    cards = [_card(card, seats) for card in page.cards]
    return replace(page, month=replace(page.month, weeks=weeks), cards=cards)


def party_size(text: str) -> int:
    """Return the number that a submitted text means; 1 for any other text, which the schema refuses."""
    if text.isascii() and text.isdigit() and len(text) <= 3:
        return max(1, int(text))
    return 1


def _cell(cell: DayCell | None, seats: int) -> DayCell | None:
    if cell is not None and cell.level in WITH_PLACES and cell.largest < seats:
        return replace(cell, level=Level.FULL)
    return cell


def _card(card: SlotCard, seats: int) -> SlotCard:
    if card.level in WITH_PLACES and card.remaining < seats:
        return replace(card, level=Level.FULL)
    return card
