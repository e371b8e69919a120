"""The waiting list of a full slot: strictly in order of arrival, one entry for a guest.

An entry waits until it is promoted (a freed place is booked for it) or its guest leaves. Its queue number is drawn from
the slot's document, so that the order does not depend on clocks. Joining writes to that document, as claiming and
releasing do, so concurrent transactions conflict and are retried.

Invariant: a slot that takes bookings never has both a free place and a waiting entry.
"""
