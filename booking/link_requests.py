"""Link requests: a guest without the e-mail of a booking gets the links of all open ones again, by e-mail."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from booking.errors import BookingAnonymised, BookingNotFound
from booking.link_request_store import LinkRequest, LinkRequestStore
from booking.model import Booking
from booking.resend import ResendEmail
from booking.store import BookingStore
from core import log
from core.errors import Unavailable
from core.mongo.failures import DatabaseError
from schedules.service import Schedules

LOG = log.get_logger("booking")
BATCH_SIZE = 100
# An address with more bookings gets the links of the newest ones.
MAX_LINKS = 20
ACTOR = "guest"


@dataclass(frozen=True)
class RequestLinks:
    """Stores a request; the scheduler processes it within seconds."""

    requests: LinkRequestStore
    schedules: Schedules

    def execute(self, email: str) -> None:
        self.requests.insert(email, self.schedules.clock())


@dataclass(frozen=True)
class SendLinks:
    """Repeats the confirmations of the open bookings of each address that was asked for.

    A request is deleted after its e-mails. If a process dies between them, the next run repeats the request, and
    `ResendEmail` skips what was sent within the last minute.
    """

    requests: LinkRequestStore
    bookings: BookingStore
    schedules: Schedules
    resend: ResendEmail

    def execute(self) -> None:
        for request in self.requests.oldest(BATCH_SIZE):
            try:
                self._send(request)
            except (DatabaseError, Unavailable):
                raise
            except Exception:  # boundary: one request must not delay all others
                LOG.exception("link_request_failed", request=request.id)
            else:
                self.requests.delete(request)

    def _send(self, request: LinkRequest) -> None:
        for booking in self.bookings.confirmed_of(request.email, MAX_LINKS):
            if self._is_open(booking):
                # The booking may be erased meanwhile.
                with suppress(BookingNotFound, BookingAnonymised):
                    self.resend.execute(booking.id, ACTOR)

    def _is_open(self, booking: Booking) -> bool:
        schedule = self.schedules.schedule
        return self.schedules.clock() < schedule.ends_at(booking.date, booking.slot_label)
