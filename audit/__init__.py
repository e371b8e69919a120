"""Audit trail of the back office: actor, action, time, and the values before and after.

Written in the transaction of the change itself, so that neither is without the other. Nothing personal is in it: people
are named by the ids of their bookings alone, so that erasing a person leaves the audit as it is.
"""
