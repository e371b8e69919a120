"""Refusals of waiting-list requests."""

from __future__ import annotations

from core.errors import Conflict, NotFound


class AlreadyWaiting(Conflict):
    """You are on the waiting list of this slot already."""

    code = "already_waiting"


class SlotHasPlaces(Conflict):
    """This slot has places left. Please book one."""

    code = "slot_has_places"


class PartyTooLarge(Conflict):
    """This slot never has so many places."""

    code = "party_too_large"


class WaitlistFull(Conflict):
    """The waiting list of this slot is full."""

    code = "waitlist_full"


class EntryNotFound(NotFound):
    """Entry not found."""

    code = "entry_not_found"
