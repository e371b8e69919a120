"""Booking a place in a slot: what claims what `schedules` offers.

Words: a *booking* is one place for one guest in one slot; it is `confirmed` until it is `cancelled`. The *counter* is
where the requests that wait are taken together into one transaction. An *idempotency key* names a request, so that it
can be repeated safely.

Invariants: the number of confirmed bookings of a slot equals its `booked_count`; of enough valid requests exactly
`capacity` succeed; one e-mail address has at most one confirmed booking in a slot; a booking is stored together with
its key and its e-mails, or not at all.
"""
