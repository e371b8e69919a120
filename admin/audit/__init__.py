"""The audit trail as the back office shows it."""
