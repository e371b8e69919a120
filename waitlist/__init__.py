"""The waiting list of a full slot: strictly in order of arrival, one entry for a guest.

Words: an *entry* waits, until it is *promoted* (a place that came free was booked for it) or its guest has *left*. Its
*ticket* is a number drawn from the slot itself, so that the order does not rest on clocks. Joining writes to the slot's
row, as claiming and freeing do: whoever joins while a place comes free meets that transaction and tries again.

Invariant: a slot that takes bookings never has both a free place and somebody waiting.
"""
