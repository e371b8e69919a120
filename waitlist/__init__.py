"""The waiting list of a slot without enough places: strictly in order of arrival, one entry for a guest or a party.

An entry waits until it is promoted (freed places are booked for it) or its guest leaves. Its queue number is drawn from
the slot's document, so that the order does not depend on clocks. Joining writes to that document, as claiming and
releasing do, so concurrent transactions conflict and are retried.

Invariant: a slot that takes bookings never has the free places that its first waiting entry wants.
"""
