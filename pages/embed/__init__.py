"""Embedded pages: the booking page and events in frames of other sites, and the script that puts them there."""
