"""The pages of a booking's or a waitlist entry's signed link."""
