"""Seeded simulator of orders: the real services on a real mongod, with its own clock, gateway, mail and scheduler."""
