"""Topics of live updates: what their subscribers see, and what a write in the database changes of it."""
