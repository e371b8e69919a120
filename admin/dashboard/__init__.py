"""The back office's statistics and charts."""
