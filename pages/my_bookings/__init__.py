"""The page with a person's own bookings: reservations of events, and hours."""
