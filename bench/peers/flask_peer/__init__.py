"""The Flask peer: Flask and PyMongo, one transaction per request."""
