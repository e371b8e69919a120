"""Seats of numbered tiers: named by the person, or the best available."""
