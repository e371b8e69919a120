"""Tests: named as the rules they prove; whatever claims a place runs against a real mongod."""
