"""Waiting lists of tiers."""
