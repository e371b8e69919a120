"""Editor of events: creation, changes, cancellation and deletion by the back office."""
