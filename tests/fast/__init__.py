"""The fast lane: validation, listing and CSV without a mongod. Nothing here claims a place."""
