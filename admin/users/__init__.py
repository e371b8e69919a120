"""Accounts in the back office."""
