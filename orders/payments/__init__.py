"""Payments: a port to providers, a simulated provider, webhooks and reconciliation."""
