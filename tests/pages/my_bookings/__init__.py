"""Tests of the page with a person's own bookings."""
