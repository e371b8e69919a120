"""Event list: search, orders and pages, each through an index."""
