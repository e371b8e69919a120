"""Services a competent developer would write for the same task, kept apart from the product: they import none of it."""
