"""Letters: rendered, sent at the provider's pace, through trouble and crashes, each exactly once."""
