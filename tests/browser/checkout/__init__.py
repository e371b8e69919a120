"""Browser tests of buying tickets."""
