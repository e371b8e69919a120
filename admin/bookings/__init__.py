"""Bookings in the back office: list, changes and CSV export."""
