"""Browser tests of the event pages."""
