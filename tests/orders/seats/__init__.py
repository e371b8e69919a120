"""Seats of numbered tiers."""
