"""Accounts: people who sign in, their passwords, sessions and roles."""
