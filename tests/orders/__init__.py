"""Claims of event tickets."""
