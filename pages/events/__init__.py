"""The pages of events: the list, an event with its tickets, and the map of its seats."""
