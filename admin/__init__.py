"""The back office: second doors into the same rooms, opened by a header key. No rules and no store of its own."""
