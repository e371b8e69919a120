"""Tickets: codes with QR pictures, transfer to another person, and check-in."""
