"""The template context of sample confirmation e-mails."""

CONTEXT = {
    "event": "Open days, March 2026", "timezone": "Europe/Berlin", "date": "2026-03-01", "slot": "10:00-11:00",
    "reference": "K7MP-4QXD", "fullName": "Ada Guest", "email": "ada@example.com", "phone": "+14152000000",
    "country": "US", "city": "San Francisco", "message": "Looking forward to it.",
    "manageUrl": f"http://127.0.0.1:8000/bookings/{'0' * 32}?token={'t' * 27}",
}  # fmt: skip
