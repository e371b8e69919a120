"""The page that sends the links of bookings again."""
