"""The outbox in the back office: list and retry."""
