"""Errors of tickets."""

from __future__ import annotations

from core.errors import Conflict, NotFound


class TicketNotFound(NotFound):
    """Ticket not found."""

    code = "ticket_not_found"


class AlreadyCheckedIn(Conflict):
    """This ticket was checked in already."""

    code = "already_checked_in"


class TicketVoid(Conflict):
    """This ticket is void."""

    code = "ticket_void"


class WrongEvent(Conflict):
    """This ticket is for another event."""

    code = "wrong_event"


class TicketNotTransferable(Conflict):
    """This ticket cannot be transferred."""

    code = "ticket_not_transferable"


class NotCheckedIn(Conflict):
    """This ticket is not checked in."""

    code = "not_checked_in"
