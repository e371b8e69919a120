"""Holds: tickets kept for an account until a time, for a cart or for the first in line."""
