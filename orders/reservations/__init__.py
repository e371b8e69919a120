"""Reservations: one ticket of an event for a signed-in person."""
