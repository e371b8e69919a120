"""The booking task in textbook Flask and PyMongo: one transaction for each request, and no more machinery than that."""
