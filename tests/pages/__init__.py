"""Tests of the pages without an application."""
