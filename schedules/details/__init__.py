"""Details of the event in a schedule file: place, organiser and look."""
