"""Live availability: server-sent events and Socket.IO messages for every change of a slot or of an event's tickets.

Terms: a *topic* is what a subscriber follows, the slots of a date or the tickets of all events; a *change* is a state
after a write, at its *position* in the database's order of all writes; a *view* is the state of a collection in memory,
from which changes are made; the *broadcast log* buffers recent changes in memory; a *subscriber* is an open stream with
a read cursor; a *snapshot* is all of a topic at one position. All Socket.IO clients of a process share one subscriber
of all topics.

Invariants: positions mean the same in every process, so a subscriber may resume on any worker; no change is missing
between a snapshot and the updates after it; the states of a slot or an event are sent in order, each as it is at the
end of a transaction; no message contains personal data.
"""
