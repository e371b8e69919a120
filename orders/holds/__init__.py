"""Holds: tickets held for an account until a time, for a cart or for the first in line."""
