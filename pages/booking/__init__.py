"""The booking page: availability, form and confirmation."""
