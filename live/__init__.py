"""Live availability: server-sent events and Socket.IO messages for every change of a slot.

Terms: a *change* is a slot's state after a write, at its *position* in the database's order of all writes; the
*broadcast log* buffers recent changes in memory; a *subscriber* is an open stream with a read cursor; a *snapshot* is
all slots of a date at one position. All Socket.IO clients of a process share one subscriber of all dates.

Invariants: positions mean the same in every process, so a subscriber may resume on any worker; no change is missing
between a snapshot and the updates after it; a slot's states are sent in order; no message contains personal data.
"""
