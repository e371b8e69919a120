"""Contact data of a booking: the rules of an organiser, and the schemas by these rules."""
