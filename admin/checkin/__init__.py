"""Check-in of tickets by the back office and its staff."""
