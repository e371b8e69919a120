"""Tests of the pages of buying tickets."""
