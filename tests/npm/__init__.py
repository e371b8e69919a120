"""Tests with clients from npm, run by `make test-npm`."""
