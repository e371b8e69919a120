"""Hourly slots on the days of an event: what is on offer.

Words: a *schedule* is a file that says which dates have a *day*, which *day template* (A, B) each follows and how many
places a *slot* has. A slot is made in the database when its date is first asked for; `capacity` places, `booked_count`
of them taken, the rest *remaining*.

Invariants: a slot's id is the same for ever and follows from schedule, date and start alone; `0 <= booked_count <=
capacity` holds at every moment, by the guard of the claim and, behind it, by the collection's validator.
"""
