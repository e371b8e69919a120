"""Text search of bookings by segments: terms, segments, index, maintenance and migration."""
