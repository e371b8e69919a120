"""Events in the back office: list, creation, changes, cancellation and deletion."""
