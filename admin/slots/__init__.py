"""Slots in the back office: list, capacity and closing."""
