"""Tests of the details in schedule files."""
