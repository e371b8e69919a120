"""Branding: the event's pictures and accent colour, icons, manifest and robots.txt."""
