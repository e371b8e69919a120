"""Figures of sales in the back office."""
