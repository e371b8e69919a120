"""The words of the back office's scripts: what they say is in the table, and nothing is in it that they do not say."""

from __future__ import annotations

import re

from admin.bookings.schemas import ListingQuery
from admin.events.schemas import NewEventSchema, TierChangeSchema
from admin.orders.schemas import STATUSES
from admin.page.messages import MESSAGES
from admin.slots.schemas import SlotChangeSchema
from booking.model import Status
from core.config.settings import ROOT
from core.errors import DomainError
from events.model import EventStatus
from notifications.outbox.model import Delivery, EmailStatus
from orders.model import RefundState
from orders.reservations.model import ReservationStatus
from orders.tickets.model import TicketState
from pages.error_messages import NOT_SHOWN

SCRIPTS = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "admin/page/static").glob("*.js")))
TEMPLATES = {folder.name for folder in (ROOT / "notifications/templates/email").iterdir() if folder.is_dir()}
# What the service names by itself, and the scripts say as it comes.
NAMED = (
    {str(name) for kind in (Status, EmailStatus, Delivery) for name in kind}
    | {f"letter.{name}" for name in TEMPLATES}
    | {f"done.{what}" for what in ("booking.cancelled", "booking.letter_resent", "slot.changed", "letter.retried")}
    | {"closeOf", "reopenOf"}
    | {f"change.{name}" for name in ("capacity", "closed", "state", "status", "template")}
    | {f"done.event.{what}" for what in ("created", "changed", "cancelled", "deleted")}
    | {f"event.{status}" for status in EventStatus}
    | {f"order.{name}" for name in STATUSES}
    | {f"refund.{state}" for state in RefundState}
    | {f"ticket.{state}" for state in TicketState}
    | {f"reservation.{status}" for status in ReservationStatus}
    | {f"{kind}.{name}" for kind in ("list", "found") for name in ("orders", "tickets", "reservations")}
)
# What it refuses, by code and by field.
REFUSED = {key for key in MESSAGES if key.startswith(("problem.", "wrong.", "wrongEvent.", "wrongTier."))}


def test_every_used_message_is_in_the_table() -> None:
    said = set(re.findall(r'\bt\("([\w.]+)"', SCRIPTS))

    assert len(said) > 50
    assert said <= MESSAGES.keys()
    assert MESSAGES.keys() >= NAMED


def test_message_table_has_no_unused_message() -> None:
    quoted = set(re.findall(r'"([\w.]+)"', SCRIPTS)) | set(re.findall(r"\b(\w+)(?=: \{|[,}] ?)", SCRIPTS))

    assert MESSAGES.keys() - NAMED - REFUSED <= quoted


def kinds_of(error: type[DomainError]) -> set[type[DomainError]]:
    return {error} | {kind for child in error.__subclasses__() for kind in kinds_of(child)}


def test_error_messages_have_existing_codes_and_fields() -> None:
    codes = {f"problem.{kind.code}" for kind in kinds_of(DomainError)}
    fields = {f"wrong.{name}" for schema in (ListingQuery, SlotChangeSchema) for name in schema().fields}

    fields |= {f"wrongEvent.{name}" for name in NewEventSchema().fields}
    fields |= {f"wrongTier.{name}" for name in TierChangeSchema().fields}

    assert codes & REFUSED | fields & REFUSED == REFUSED
    assert {f"problem.{code}" for code in NOT_SHOWN} <= REFUSED


def test_scripts_hold_no_sentences_of_their_own() -> None:
    texts = re.findall(r'"([^"\n]*)"|`([^`]*)`', re.sub(r"^\s*//.*$", "", SCRIPTS, flags=re.MULTILINE))

    assert [text for pair in texts for text in pair if re.search(r"[A-Z][a-z]+ [a-z]+ ", text)] == []
