"""Tests of the event pages."""
