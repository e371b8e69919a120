"""Reservations of tickets in the back office."""
