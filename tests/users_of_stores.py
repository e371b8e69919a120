"""Table of the modules that may use a store of another feature."""

from __future__ import annotations

from collections.abc import Mapping

# Modules that may use a store of another feature: they write, or count, both features' rows in one transaction, or
# read a figure that the service of that feature has no use for.
USERS_OF_STORES: Mapping[str, tuple[str, ...]] = {
    "waitlist.store": (
        "booking.promotion",
        "booking.deletion",
        "booking.email_retry",
        "booking.consistency",
        "booking.waitlist_order",
        "booking.personal_data",
        "booking.wiring",
    ),
    "schedules.store": ("booking.listing",),
    "events.store": (
        "orders.holds.tickets",
        "orders.order_change_rows",
        "orders.reservations.cancel",
        "orders.reservations.deferred_emails",
        "orders.reservations.listing",
        "orders.reservations.wiring",
        "orders.offers.queue_store",
        "orders.claim_count_store",
    ),
    "accounts.store": (
        "events.demo.load",
        "events.notices.notify",
        "events.wiring",
        "orders.reservations.deferred_emails",
        "orders.reservations.listing",
        "orders.reservations.wiring",
        "orders.offers.promotion",
        "orders.offers.wiring",
    ),
    "notifications.outbox.store": ("orders.reservations.deferred_emails", "orders.reservations.wiring"),
}
