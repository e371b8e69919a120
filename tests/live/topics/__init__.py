"""Tests of what the topics say."""
