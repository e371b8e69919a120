"""Browser tests of the account pages."""
