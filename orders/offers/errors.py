"""Errors of the waiting lists of tiers."""

from __future__ import annotations

from core.errors import Conflict


class NotSoldOut(Conflict):
    """This tier has tickets left. Please take one."""

    code = "not_sold_out"


class AlreadyInLine(Conflict):
    """You are on the waiting list of this tier already."""

    code = "already_waiting"


class LineFull(Conflict):
    """The waiting list of this tier is full."""

    code = "waitlist_full"
