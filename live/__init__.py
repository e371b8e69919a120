"""Live availability: whoever looks at a date is told of every change to its slots, as it happens.

Words: a *change* is a slot as it stood after a write, at its *position* in the database's own order of all writes; the
*feed* keeps the changes of late in memory; a *reader* is an open stream that has been told everything up to some
position; a *snapshot* is all slots of a date at one position. Clients of Socket.IO share one reader of all dates.

Invariants: positions mean the same in every process, so a reader may go on anywhere; between a snapshot and what
follows it lies no gap; no reader is told an older state of a slot after a newer one; nothing here holds a person.
"""
