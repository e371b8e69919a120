"""Audit trail of the back office: actor, action, time, and the values before and after.

A record is written in the transaction of its change. It contains no personal data and names people by the ids of their
bookings, so that erasure does not change it.
"""
