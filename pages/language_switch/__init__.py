"""Language switch of every page."""
