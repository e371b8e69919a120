"""Booking places in a slot: what claims what `schedules` offers.

Words: a *booking* is one place or more for one guest in one slot; it is `confirmed` until it is `cancelled`. An
*idempotency key* names a request, so that it can be repeated safely.

Invariants: the places of the confirmed bookings of a slot are its `booked_count`; of enough valid requests for one
place exactly `capacity` succeed; one e-mail address has at most one confirmed booking in a slot; a booking is stored
together with its key and its e-mails, or not at all.
"""
