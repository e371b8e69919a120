"""The back office's HTML page, its messages, scripts and styles."""
