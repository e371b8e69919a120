"""Tests of booking/search."""
